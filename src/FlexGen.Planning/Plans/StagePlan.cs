using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace FlexGen.Planning.Plans;

/// <summary>
/// What a policy makes of the layers of one compute device: the pieces in which their weights and KV cache are placed, and what computes them.
/// </summary>
public sealed class StagePlan
{
    /// <summary>By the model's part: policies that differ in all else have where the weights are in common.</summary>
    private static readonly ConditionalWeakTable<ModelOutline, ConcurrentDictionary<(Placement, Compression, bool IsGpu), WeightsPlan>> known = [];

    /// <param name="part">The device's layers.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="device">The compute devices.</param>
    /// <param name="landing">Bytes in which another device puts a micro-batch's hidden states, and how many such places there are.</param>
    internal StagePlan(ModelOutline.Part part, Policy policy, ComputeDevice device, (long Bytes, int Count) landing)
    {
        var model = part.Model;
        Layers = part.Layers;
        Weights = Known(model, policy, device);
        Cache = new(model.Shape, model.Format, policy, device, part.Decoders);
        Workspace = new(model, policy, device);
        (LandingBytes, Landings) = landing;
        Bytes.Add(Weights.Bytes);
        Bytes.Add(Cache.Bytes);
        Bytes.Add(Workspace.Bytes);
        Bytes.Add(Tier.Gpu, Purpose.Hidden, (double)LandingBytes * Landings);
    }

    private static WeightsPlan Known(ModelOutline model, Policy policy, ComputeDevice device) => known.GetOrCreateValue(model)
        .GetOrAdd((policy.Weights, policy.CompressWeights, device.IsGpu), _ => new(model, policy.Weights, policy.CompressWeights, device));

    /// <summary>The model's layers that are on the device, in order.</summary>
    public IReadOnlyList<int> Layers { get; }

    public WeightsPlan Weights { get; }

    public CachePlan Cache { get; }

    public WorkspacePlan Workspace { get; }

    /// <summary>Where another GPU puts a micro-batch's hidden states: bytes of one such place.</summary>
    public long LandingBytes { get; }

    /// <summary>How many such places there are: one for each micro-batch whose hidden states go from GPU to GPU.</summary>
    public int Landings { get; }

    /// <summary>All of it.</summary>
    public TierBytes Bytes { get; } = new();

    /// <summary>What is allocated before the first token.</summary>
    internal IEnumerable<Piece> Placed => Weights.Pieces.Concat(Cache.Pieces)
        .Concat(Enumerable.Range(0, LandingBytes > 0 ? Landings : 0).Select(_ => new Piece(Tier.Gpu, Purpose.Hidden, LandingBytes)));
}
