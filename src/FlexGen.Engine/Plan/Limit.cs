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
    /// <param name="less">What would have it take less.</param>
    public EngineException Refusal(string model, ScalarType type, PolicyPlan plan, FormattableString less)
    {
        var items = purposes.Select(p => (p.Name, Bytes: Tiers.Sum(t => Of(plan)[t, p.Purpose])))
            .Append((Name: Scratch ?? "", Bytes: ScratchBytes(plan)));
        var taken = string.Join(", ", items.Where(i => i.Bytes > 0).Select(i => $"{i.Name} {i.Bytes / GiB:0.00}"));
        var policy = plan.Policy;
        var slots = $"{policy.GpuBatchSize} x {policy.GpuBatchCount} slots of {policy.SequenceLength} tokens";
        var total = Bytes(plan) / GiB;
        var needs = $"in {type}, with {slots}, it takes {total:0.00} GiB there ({taken})";
        FormattableString where = $"{model} does not fit {PlaceOf(plan)}";
        return new(new EngineMessage($"{where}: {needs}, but {Budgeted} {Budget / GiB:0.00} GiB. {Cure}, {less}")) { IsOfMemory = true };
    }

    /// <summary>No policy fits: what each budget is, and what of it would do.</summary>
    /// <param name="model">Its name.</param>
    /// <param name="type">It computes in.</param>
    /// <param name="length">Room of a slot.</param>
    /// <param name="limits">All of them, and the bytes with which something would fit while the others stay; null: no number would do.</param>
    /// <param name="less">What would have it take less.</param>
    public static EngineException Refusal(
        string model, ScalarType type, int length, IReadOnlyList<(Limit Limit, double? Needed)> limits, FormattableString less)
    {
        var lifted = limits.Where(l => l.Needed > l.Limit.Budget).ToList();
        var told = lifted.Count > 0 ? lifted.Select(l => l.Limit.Needing(l.Needed)).ToList() : [.. limits.Select(l => l.Limit.Needing(null))];
        var never = $"in {type}, even one slot of {length} tokens takes more than there is, wherever weights and KV cache are placed";
        var cures = limits.Select(l => l.Limit.Cure).DistinctBy(c => new EngineMessage(c).ToString());
        var cure = lifted.Count > 0 ? lifted[0].Limit.Cure : Joined(", ", [.. cures]);
        return new(new EngineMessage($"{model} fits nowhere: {never}: {Joined("; ", told)}. {cure}, {less}")) { IsOfMemory = true };

        static FormattableString Joined(string between, IReadOnlyList<FormattableString> parts)
        {
            var joined = parts[0];
            foreach (var part in parts.Skip(1))
            {
                var before = joined;
                joined = $"{before}{between}{part}";
            }

            return joined;
        }
    }

    /// <summary>What it is and, where some number of bytes would do, that number, rounded to one that still does.</summary>
    private FormattableString Needing(double? bytes)
    {
        var enough = Math.Ceiling((bytes ?? 0) / GiB * 100) / 100;
        FormattableString now = $"{Budgeted} {Budget / GiB:0.00} GiB";
        return bytes is null ? now : $"{now} and would have to be {enough:0.00} GiB, {enough - (Budget / GiB):0.00} more";
    }

    private string PlaceOf(PolicyPlan plan) => Devices is null ? Place : $"{Place} of {Devices[plan.Stages.ToList().IndexOf(plan.Fullest)]}";

    /// <summary>What counts: of compute devices' own memory that of the fullest.</summary>
    private TierBytes Of(PolicyPlan plan) => Tiers is [Tier.Gpu] ? plan.Fullest.Bytes : plan.Bytes;

    private double Bytes(PolicyPlan plan) => Tiers.Sum(t => Of(plan)[t]) + ScratchBytes(plan);

    private double ScratchBytes(PolicyPlan plan) => Scratch is null ? 0 : plan.Bytes[Tier.Disk];
}
