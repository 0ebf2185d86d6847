using FlexGen.Planning.Cost;

namespace FlexGen.Planning.Search;

/// <summary>What a policy is searched for.</summary>
/// <param name="Workload">What is to be generated.</param>
/// <param name="Budgets">What the plan may take; a tier that none names is not used.</param>
/// <param name="SequenceLength">Room of a slot.</param>
public sealed record SearchRequest(Workload Workload, IReadOnlyList<MemoryBudget> Budgets, int SequenceLength)
{
    /// <summary>Whether something may rest on disk.</summary>
    internal bool HasDisk => Budgets.Any(b => b.Tiers.Contains(Tier.Disk));

    /// <summary>How linear layers' weights are kept, as the user has said: compression costs accuracy, and is never switched on unasked.</summary>
    public Compression CompressWeights { get; init; }

    /// <inheritdoc cref="CompressWeights"/>
    public Compression CompressCache { get; init; }

    /// <summary>The best of a request that differs little, from which this is searched in a part of the time; null: there is none.</summary>
    public Policy? Near { get; init; }

    /// <summary>How it will be scheduled.</summary>
    public CostModel.Mode Mode { get; init; } = CostModel.Mode.Default;
}
