using FlexGen.Engine.Layers;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Weights;

/// <summary>Which weight rests on which tier: whole weights, so that at every layer the shares are as near to the placement as they can be.</summary>
internal static class WeightPlacement
{
    /// <summary>The weights of each layer with their tiers. One that layers share is on the compute device once, elsewhere once for each.</summary>
    public static IReadOnlyList<IReadOnlyList<(WeightSpec Spec, Tier Tier)>> Of(Model model, Placement placement, ScalarType type)
    {
        var shares = new ShareCounter(placement);
        var resident = new HashSet<string>();
        return [.. model.Layers.Select(layer => (IReadOnlyList<(WeightSpec, Tier)>)[.. layer.Weights.Select(w => (w, Place(w)))])];

        Tier Place(WeightSpec weight)
        {
            var tier = resident.Contains(weight.Name) ? Tier.Gpu : shares.Next(Bytes(weight, type));
            if (tier == Tier.Gpu)
            {
                resident.Add(weight.Name);
            }

            return tier;
        }
    }

    /// <summary>Bytes of a weight.</summary>
    public static long Bytes(WeightSpec weight, ScalarType type) => weight.Shape.Aggregate(1L, (a, b) => a * b) * DataTypes.Size(type);
}
