using FlexGen.Planning;
using FlexGen.Planning.Plans;
using FlexGen.Planning.Search;
using static TorchSharp.torch;

namespace FlexGen.Engine.Plan;

/// <summary>A budget, what counts against it, and what lifts it.</summary>
/// <param name="Place">What people call it.</param>
/// <param name="Budgeted">Where it comes from, as far as its verb.</param>
/// <param name="Budget">Bytes.</param>
/// <param name="Tiers">Those that count against it.</param>
/// <param name="Scratch">What people call scratch files that take its memory; null: none do.</param>
/// <param name="Cure">What lifts it.</param>
/// <param name="Devices">What people call the compute devices, where there are several and each has the budget; null: there is one, or they share it.</param>
internal sealed record Limit(
    string Place, FormattableString Budgeted, double Budget, Tier[] Tiers, string? Scratch, FormattableString Cure, IReadOnlyList<string>? Devices = null)
{
    private const double GiB = 1L << 30;

    /// <summary>What people are told that memory is for, in the order in which they are told.</summary>
    private static readonly (Purpose Purpose, string Name)[] purposes =
    [
        (Purpose.Weights, "weights"),
        (Purpose.StreamedWeights, "two layers of streamed weights"),
        (Purpose.Cache, "KV cache"),
        (Purpose.PartialResults, "attention's partial results"),
        (Purpose.RecordedDecode, "the recorded decode"),
        (Purpose.Activations, "activations"),
        (Purpose.Context, "the CUDA context and its libraries"),
        (Purpose.Hidden, "hidden states"),
        (Purpose.Staging, "staging"),
        (Purpose.Process, "the process itself"),
    ];

    /// <summary>The same for a search.</summary>
    public MemoryBudget Search { get; } = new(Place, Scratch is null ? Tiers : [.. Tiers, Tier.Disk], Budget);

    public bool Holds(PolicyPlan plan) => Bytes(plan) <= Budget;

    /// <summary>A policy that was stated takes more.</summary>
    /// <param name="model">Its name.</param>
    /// <param name="type">It computes in.</param>
    /// <param name="plan">The policy.</param>
    /// <param name="limits">All that do not hold it.</param>
    /// <param name="less">What would have it take less.</param>
    public static EngineException Refusal(string model, ScalarType type, PolicyPlan plan, IReadOnlyList<Limit> limits, FormattableString less)
    {
        var policy = plan.Policy;
        var slots = $"{policy.GpuBatchSize} x {policy.GpuBatchCount} slots of {policy.SequenceLength} tokens";
        var places = limits.GroupBy(l => l.PlaceOf(plan)).Select(OfPlace).ToList();
        return new(new EngineMessage($"{model} does not fit {Joined("; nor does it fit ", places)}. {Cures(limits)}, {less}")) { IsOfMemory = true };

        FormattableString OfPlace(IGrouping<string, Limit> there, int n)
        {
            var needs = n == 0 ? $"in {type}, with {slots}, it takes" : "it takes";
            FormattableString takes = $"{there.Key}: {needs} {there.First().Taken(plan)}";
            return $"{takes}, but {Joined(", and ", [.. there.Select(l => l.Needing(l.Bytes(plan)))])}";
        }
    }

    /// <summary>No policy fits: which budgets would have to be more, and how much.</summary>
    /// <param name="model">Its name.</param>
    /// <param name="type">It computes in.</param>
    /// <param name="length">Room of a slot.</param>
    /// <param name="limits">All of them.</param>
    /// <param name="needs">What would do.</param>
    /// <param name="less">What would have it take less.</param>
    public static EngineException Refusal(
        string model, ScalarType type, int length, IReadOnlyList<Limit> limits, BudgetNeeds needs, FormattableString less)
    {
        var never = $"in {type}, even one slot of {length} tokens takes more than there is, wherever weights and KV cache are placed";
        var alone = limits.Select(l => (Limit: l, Bytes: needs.Alone(l.Search))).Where(l => l.Bytes > l.Limit.Budget).ToList();
        if (alone.Count > 0)
        {
            return Refused(Joined("; or ", [.. alone.Select(l => l.Limit.Needing(l.Bytes!.Value))]), alone[0].Limit.Cure);
        }

        // Memory that is not there is harder to raise than a setting, and a disk is easier to have than memory.
        var inTurn = limits.OrderBy(l => l.Tiers is [Tier.Disk] ? 2 : l.Budgeted.GetArguments() is [Setting] ? 1 : 0).ToList();
        var together = needs.Together([.. inTurn.Select(l => l.Search)]);
        var lacking = inTurn.Zip(together ?? [], (l, bytes) => (Limit: l, Bytes: bytes)).Where(l => l.Bytes > l.Limit.Budget).ToList();
        return lacking.Count > 0
            ? Refused(Joined(", and ", [.. lacking.Select(l => l.Limit.Needing(l.Bytes))]), Cures([.. lacking.Select(l => l.Limit)]))
            : Refused(Joined("; ", [.. limits.Select(l => l.Being)]), Cures(limits));

        EngineException Refused(FormattableString told, FormattableString cure) =>
            new(new EngineMessage($"{model} fits nowhere: {never}: {told}. {cure}, {less}")) { IsOfMemory = true };
    }

    private static FormattableString Cures(IReadOnlyList<Limit> limits) =>
        Joined(". ", [.. limits.Select(l => l.Cure).DistinctBy(c => new EngineMessage(c).ToString())]);

    private static FormattableString Joined(string between, IReadOnlyList<FormattableString> parts) =>
        parts.Aggregate((before, part) => $"{before}{between}{part}");

    private FormattableString Being => $"{Budgeted} {Budget / GiB:0.00} GiB";

    /// <summary>What it is, and how much it would have to be, rounded to what still does.</summary>
    private FormattableString Needing(double bytes)
    {
        var enough = Math.Ceiling(bytes / GiB * 100) / 100;
        return $"{Being} and would have to be {enough:0.00} GiB, {enough - (Budget / GiB):0.00} more";
    }

    /// <summary>What a policy takes of it, and for what.</summary>
    private string Taken(PolicyPlan plan)
    {
        var items = purposes.Select(p => (p.Name, Bytes: Tiers.Sum(t => Of(plan)[t, p.Purpose])))
            .Append((Name: Scratch ?? "", Bytes: ScratchBytes(plan)));
        var taken = string.Join(", ", items.Where(i => i.Bytes > 0).Select(i => $"{i.Name} {i.Bytes / GiB:0.00}"));
        return $"{Bytes(plan) / GiB:0.00} GiB there ({taken})";
    }

    private string PlaceOf(PolicyPlan plan) => Devices is null ? Place : $"{Place} of {Devices[plan.Stages.ToList().IndexOf(plan.Fullest)]}";

    /// <summary>What counts: of compute devices' own memory that of the fullest.</summary>
    private TierBytes Of(PolicyPlan plan) => Tiers is [Tier.Gpu] ? plan.Fullest.Bytes : plan.Bytes;

    private double Bytes(PolicyPlan plan) => Tiers.Sum(t => Of(plan)[t]) + ScratchBytes(plan);

    private double ScratchBytes(PolicyPlan plan) => Scratch is null ? 0 : plan.Bytes[Tier.Disk];
}
