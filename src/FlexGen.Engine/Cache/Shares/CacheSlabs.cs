using FlexGen.Planning.Plans;

namespace FlexGen.Engine.Cache.Shares;

/// <summary>A share's slabs of keys and values, of each layer with attention and each micro-batch.</summary>
internal sealed class CacheSlabs<T> : IDisposable
    where T : IDisposable
{
    private readonly List<T> slabs = [];
    private readonly int microBatches;
    private readonly Dictionary<int, int> ordinals;

    /// <param name="plan">How many there are.</param>
    /// <param name="make">Makes one; it is given how many there are before it.</param>
    public CacheSlabs(CacheSharePlan plan, Func<int, T> make)
    {
        microBatches = plan.MicroBatches;
        ordinals = plan.Layers.Select((layer, n) => (layer, n)).ToDictionary(l => l.layer, l => l.n);
        try
        {
            while (slabs.Count < plan.Slabs)
            {
                slabs.Add(make(slabs.Count));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Those of layer j, one of the plan's, and micro-batch k.</summary>
    public (T Keys, T Values) this[int layer, int microBatch]
    {
        get
        {
            var first = 2 * ((ordinals[layer] * microBatches) + microBatch);
            return (slabs[first], slabs[first + 1]);
        }
    }

    public void Dispose() => slabs.ForEach(s => s.Dispose());
}
