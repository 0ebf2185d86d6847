using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Cost;

/// <summary>What a policy takes for a workload on a machine, as a cost model has it.</summary>
/// <param name="Plan">The policy, and its bytes on each tier.</param>
/// <param name="PrefillSeconds">Of the sweeps in which a prompt is computed.</param>
/// <param name="DecodeSeconds">Of the others.</param>
/// <param name="PromptTokens">Computed in that time.</param>
/// <param name="GeneratedTokens">Generated in that time.</param>
/// <param name="Sequences">Ended in that time.</param>
/// <param name="Sweeps">Passes over all layers.</param>
/// <param name="Busy">The share of all seconds in which each resource works; of those that each compute device has, the busiest one.</param>
/// <param name="BusyInDecode">The same of the seconds of sweeps that only decode, in a run that has some.</param>
public sealed record Prediction(
    PolicyPlan Plan,
    double PrefillSeconds,
    double DecodeSeconds,
    long PromptTokens,
    long GeneratedTokens,
    long Sequences,
    long Sweeps,
    IReadOnlyDictionary<Resource, double> Busy,
    IReadOnlyDictionary<Resource, double> BusyInDecode)
{
    /// <summary>Of each compute device, the shares of all seconds in which what it has for itself works.</summary>
    public IReadOnlyList<IReadOnlyDictionary<Resource, double>> OfDevices { get; init; } = [];

    public double Seconds => PrefillSeconds + DecodeSeconds;

    /// <summary>Generated tokens over all seconds.</summary>
    public double TokensPerSecond => GeneratedTokens / Seconds;

    public double SequencesPerSecond => Sequences / Seconds;

    /// <summary>The resource that is busy the most.</summary>
    public Resource Binds => Busy.MaxBy(b => b.Value).Key;
}
