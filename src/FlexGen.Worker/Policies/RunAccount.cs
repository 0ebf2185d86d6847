using System.Globalization;
using System.Text.Json.Nodes;
using FlexGen.Engine;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Hardware;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Policies;

/// <summary>How a run went beside its plan.</summary>
/// <param name="plan">The plan.</param>
/// <param name="had">The lengths that prompts and outputs turned out to have; null: nothing was generated.</param>
/// <param name="measured">What the engine counted.</param>
/// <param name="work">What resources did.</param>
/// <param name="elapsed">Of the whole run.</param>
/// <param name="tokens">Generated in that time.</param>
internal sealed class RunAccount(
    RunPlan plan, Workload? had, EngineStatistics measured, IReadOnlyDictionary<Resource, ResourceWork> work, TimeSpan elapsed, long tokens)
{
    /// <summary>What differs by no more needs no reason.</summary>
    private const double Near = 1.15;

    /// <summary>The least share of the time that a reason must account for.</summary>
    private const double Weighty = 0.05;

    /// <summary>The least share of the time in which the engine has nothing to do that is told.</summary>
    private const double Idle = 0.1;

    /// <summary>Tokens generated per second, as it was planned.</summary>
    public double Predicted => plan.Prediction.TokensPerSecond;

    /// <summary>Measured by predicted.</summary>
    public double Ratio => tokens / elapsed.TotalSeconds / Predicted;

    /// <summary>Where it is off, in the order of what comes first; none: it is as planned, or nothing was generated.</summary>
    public IReadOnlyList<string> Reasons()
    {
        if (had is null || measured.Sweeps == 0 || IsNear(Ratio))
        {
            return [];
        }

        // With the lengths that there were: what is left is not the sample's fault.
        var again = plan.Predict(had);
        var (prefill, decode) = (
            Phase(measured.InPrefill, again.PrefillSeconds, measured.PromptTokens, again.PromptTokens),
            Phase(measured.InDecode, again.DecodeSeconds, measured.GeneratedTokens, again.GeneratedTokens));
        var idle = 1 - ((prefill.Seconds + decode.Seconds) / elapsed.TotalSeconds);
        var reasons = new List<string>();
        if (idle >= Idle)
        {
            reasons.Add(Text($"the engine was idle {idle:0%} of the time: the source or the sink was slower than the model"));
        }

        var (inSweep, planned) = ((double)measured.GeneratedTokens / measured.Sweeps, (double)again.GeneratedTokens / again.Sweeps);
        var fewer = inSweep * Near < planned;
        if (fewer)
        {
            reasons.Add(Text($"a sweep had {inSweep:0.#} sequences where the plan has {planned:0.#}: the source or the sink left slots empty"));
        }

        if (Math.Abs((again.TokensPerSecond / Predicted) - 1) > Weighty)
        {
            var expected = plan.Expected.Workload;
            reasons.AddRange(Lengths("outputs", expected.MeanOutput, had.MeanOutput));
            reasons.AddRange(Lengths("prompts", expected.MeanPrompt, had.MeanPrompt));
        }

        // A sweep of fewer sequences than planned takes another time than planned, and no one is to blame for that.
        if (!fewer)
        {
            reasons.AddRange(Took("sweeps that prefill", prefill, BusiestInPrefill(again), again.Seconds));
            reasons.AddRange(Took("decoding", decode, Busiest(again.BusyInDecode), again.Seconds));
            reasons.AddRange(work.Where(w => w.Value.Busy.TotalSeconds >= Idle * (prefill.Seconds + decode.Seconds)).SelectMany(w => Slower(w.Key, w.Value)));
        }

        var phases = Text($"prefill took {prefill.Times:0.00} and decoding {decode.Times:0.00} times as long as planned");
        return reasons.Count > 0 ? reasons : [Text($"no one thing: {phases}, and the engine was idle {idle:0%} of the time")];
    }

    /// <summary>The prediction beside what was measured, for the closing report.</summary>
    public Report Report()
    {
        var beside = tokens > 0 ? Text($"; measured is {Ratio:0.00} times that") : "";
        var report = new Report().Add("predicted_tokens_per_second", Math.Round(Predicted, 1), Text($"{Math.Round(Predicted, 1)}{beside}"));
        var reasons = Reasons();
        return reasons.Count == 0 ? report
            : report.Add("off_because", new JsonArray([.. reasons.Select(r => JsonValue.Create(r))]), string.Join("; ", reasons));
    }

    private static bool IsNear(double ratio) => ratio is <= Near and >= 1 / Near;

    /// <summary>Seconds of a phase, and how many times as long that is as planned for so many tokens.</summary>
    private static (double Seconds, double Times) Phase(TimeSpan measured, double planned, long tokens, long plannedTokens)
    {
        var seconds = planned * tokens / Math.Max(1, plannedTokens);
        return (measured.TotalSeconds, seconds > 0 ? measured.TotalSeconds / seconds : 1);
    }

    private static IEnumerable<string> Lengths(string what, double planned, double had) =>
        had / planned is > 1.1 or < 1 / 1.1 ? [Text($"{what} had {had:0.#} tokens where {planned:0.#} were planned for")] : [];

    /// <summary>A resource that moved fewer bytes per second than the profile has where others are at work beside it.</summary>
    private IEnumerable<string> Slower(Resource resource, ResourceWork of)
    {
        var links = plan.Model.Profile.Links;
        var known = resource switch
        {
            Resource.ToGpu => Least(links.HostToGpu),
            Resource.ToHost => Least(links.GpuToHost),
            Resource.HostAttention => Attention(),
            _ => Least(links.DiskRead),
        };
        return of.BytesPerSecond * Near >= known ? []
            : [Text($"{PlanText.Name(resource)} ran at {of.BytesPerSecond / 1e9:0.00} GB/s where the profile has {known / 1e9:0.00}")];
    }

    private static double Least(CopyRates rates) => Math.Min(rates.Alone, Math.Min(rates.BesideOther, rates.BesideAttention));

    /// <summary>Bytes per second of attention in host memory, for as few at once as were measured, beside copies.</summary>
    private double Attention()
    {
        var (known, shape) = (plan.Model.Profile.HostAttention, plan.Model.Model.Shape);
        var rates = AttentionRates.Of(known.ByFormat, plan.Policy.CacheFormat.Name);
        return rates.Plain.Points.Min(p => p.X / rates.Seconds(p.X, shape.Heads / shape.KvHeads)) / known.BesideCopies;
    }

    private IEnumerable<string> Took(string what, (double Seconds, double Times) phase, (Resource Resource, double Share) busiest, double planned)
    {
        var more = Math.Abs(phase.Seconds - (phase.Seconds / Math.Max(phase.Times, 1e-9)));
        return IsNear(phase.Times) || more < Weighty * planned ? []
            : [Text($"{what} took {phase.Times:0.00} times as long as planned, where the plan has {PlanText.Name(busiest.Resource)} as the busiest")
                + Moved(busiest, phase.Times)];
    }

    /// <summary>What a GPU's link moved in each second, the bytes being those of the plan: the host does not see its copies end.</summary>
    private string Moved((Resource Resource, double Share) busiest, double times)
    {
        var links = plan.Model.Profile.Links;
        if (!plan.Model.Profile.Compute.IsGpu || busiest.Resource is not (Resource.ToGpu or Resource.ToHost))
        {
            return "";
        }

        var rate = busiest.Share * (busiest.Resource == Resource.ToGpu ? links.HostToGpu.Alone : links.GpuToHost.Alone) / 1e9;
        return Text($": {rate / times:0.0} GB/s on average where {rate:0.0} were planned");
    }

    private static (Resource Resource, double Share) BusiestInPrefill(Prediction of) => Busiest(of.Busy.ToDictionary(
        b => b.Key, b => ((b.Value * of.Seconds) - (of.BusyInDecode.GetValueOrDefault(b.Key) * of.DecodeSeconds)) / Math.Max(of.PrefillSeconds, 1e-9)));

    private static (Resource Resource, double Share) Busiest(IReadOnlyDictionary<Resource, double> busy) =>
        busy.Select(b => (b.Key, b.Value)).MaxBy(b => b.Value);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
