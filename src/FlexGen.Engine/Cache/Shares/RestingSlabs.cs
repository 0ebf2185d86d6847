using FlexGen.Engine.Cache.Decoding;
using FlexGen.Engine.Memory;
using FlexGen.Interop;
using FlexGen.Planning.Plans;

namespace FlexGen.Engine.Cache.Shares;

/// <summary>The slabs of a share that rests in host memory or on disk, and new keys and values on their way there.</summary>
internal sealed class RestingSlabs : IDisposable
{
    private readonly CacheSlabs<RestingPlace> slabs;
    private readonly Dictionary<(int Layer, int MicroBatch), Transfer> stores = [];
    private readonly StoreQueue storing;
    private readonly CacheLanes lanes;

    /// <param name="plan">The share.</param>
    /// <param name="lanes">What copies.</param>
    /// <param name="tiers">Where they rest.</param>
    /// <param name="file">The scratch file of a share on disk, which is not theirs to close; null: it rests in host memory.</param>
    public RestingSlabs(CacheSharePlan plan, CacheLanes lanes, Tiers tiers, DirectFile? file)
    {
        (this.lanes, storing) = (lanes, new(lanes.Stores));
        slabs = new(plan, n => file is null ? tiers.Place(plan.SlabBytes) : new(file, plan.SlabOffset(n), plan.Slab.Bytes));
    }

    /// <summary>Those of layer j and micro-batch k.</summary>
    public (RestingPlace Keys, RestingPlace Values) this[int layer, int microBatch] => slabs[layer, microBatch];

    /// <summary>The last copy into a layer's slabs; null: there was none.</summary>
    public Transfer? Stored(int layer, int microBatch) => stores.GetValueOrDefault((layer, microBatch));

    /// <summary>Takes new keys and values home.</summary>
    /// <param name="attention">Whose.</param>
    /// <param name="first">The first of its rows that goes.</param>
    public void Store(ShareAttention attention, int first)
    {
        var count = attention.Rows.Rows.Length - first;
        if (count == 0)
        {
            return;
        }

        var keys = attention.Keys.narrow(0, first, count).contiguous().DetachFromDisposeScope();
        var values = attention.Values.narrow(0, first, count).contiguous().DetachFromDisposeScope();
        var (places, at) = (attention.Rows.CacheRows[first..], (attention.Layer, attention.MicroBatch));
        var home = slabs[attention.Layer, attention.MicroBatch];
        stores[at] = storing.Start(
            copier =>
            {
                lanes.Scatter(copier, keys, home.Keys, places);
                lanes.Scatter(copier, values, home.Values, places);
            },
            [keys, values],
            at);
    }

    /// <summary>Frees them. The lanes must have ended.</summary>
    public void Dispose()
    {
        storing.Dispose();
        slabs.Dispose();
    }
}
