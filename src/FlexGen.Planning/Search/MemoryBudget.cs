using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Search;

/// <summary>Bytes that a plan may take on some tiers together.</summary>
/// <param name="Name">What people call it, such as "host memory".</param>
/// <param name="Tiers">Those that count against it: without a GPU both in memory do.</param>
/// <param name="Bytes">How many.</param>
public sealed record MemoryBudget(string Name, IReadOnlyList<Tier> Tiers, double Bytes)
{
    /// <summary>What a plan takes of it: of compute devices' own memory, each of which has the budget, that of the fullest.</summary>
    public double Taken(PolicyPlan plan) => Tiers is [Tier.Gpu] ? plan.Fullest.Bytes[Tier.Gpu] : Tiers.Sum(t => plan.Bytes[t]);

    public bool Holds(PolicyPlan plan) => Taken(plan) <= Bytes;
}
