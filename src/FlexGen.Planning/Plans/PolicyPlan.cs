namespace FlexGen.Planning.Plans;

/// <summary>
/// What a policy makes of a model on a machine: the pieces in which weights, KV cache and hidden states are placed, and what is computed
/// with. It costs microseconds and touches neither memory nor device, so that policies can be tried for machines that are not here.
/// </summary>
public sealed class PolicyPlan
{
    /// <param name="model">The model.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="device">The compute device.</param>
    public PolicyPlan(ModelOutline model, Policy policy, ComputeDevice device)
    {
        Policy = policy;
        Weights = new(model, policy.Weights, policy.CompressWeights, device);
        Cache = new(model.Shape, model.Format, policy, device);
        Hidden = new(model.Shape, model.Format, policy);
        Workspace = new(model, policy, device);
        foreach (var plan in (ReadOnlySpan<TierPlan>)[Weights, Cache, Hidden, Workspace])
        {
            Bytes.Add(plan.Bytes);
        }
    }

    public Policy Policy { get; }

    public WeightsPlan Weights { get; }

    public CachePlan Cache { get; }

    public HiddenPlan Hidden { get; }

    public WorkspacePlan Workspace { get; }

    /// <summary>The sum of all four.</summary>
    public TierBytes Bytes { get; } = new();

    /// <summary>What is allocated before the first token.</summary>
    public IEnumerable<Piece> Placed => Weights.Pieces.Concat(Cache.Pieces).Concat(Hidden.Pieces);
}
