using System.Globalization;
using System.Text.Json.Nodes;
using FlexGen.Engine;
using FlexGen.Planning;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Policies;

/// <summary>What <c>flexgen plan</c> says.</summary>
internal static class PlanReport
{
    private const double GiB = 1L << 30;

    /// <param name="name">The model.</param>
    /// <param name="model">What planning knows of it.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="workload">What is generated.</param>
    /// <param name="basis">Where its lengths are from; null: they are given.</param>
    /// <param name="prediction">What it takes.</param>
    /// <param name="alternatives">What would be faster.</param>
    /// <param name="choice">Why it is on as many GPUs as it is; null: that was said.</param>
    public static Report Of(
        string name, ModelOutline model, HardwareProfile machine, Workload workload, string? basis, Prediction prediction,
        IReadOnlyList<(string Change, double Times)> alternatives, DeviceChoice? choice)
    {
        var plan = prediction.Plan;
        var report = new Report()
            .Add("model", name, $"{name}, {model.Shape.DecoderLayers} layers, {model.Format.Name}")
            .Add("machine", machine.Name, machine.DeviceCount == 1 ? machine.Name : $"{machine.Name}, {Devices(machine)}")
            .Add("devices", machine.DeviceCount)
            .Add(Of(choice))
            .Add("workload", Json(workload, basis), basis is null ? Text(workload) : $"{Text(workload)}; {basis}")
            .Add("policy", PlanText.Json(plan.Policy), PlanText.Of(plan.Policy))
            .Add("predicted_tokens_per_second", Rounded(prediction.TokensPerSecond), PlanText.Significant(prediction.TokensPerSecond))
            .Add("predicted_records_per_hour", Rounded(prediction.SequencesPerSecond * 3600), PlanText.Significant(prediction.SequencesPerSecond * 3600))
            .Add("predicted_seconds", Rounded(prediction.Seconds), string.Create(
                CultureInfo.InvariantCulture,
                $"{prediction.Seconds:N1}, {prediction.PrefillSeconds:N1} of them in sweeps that prefill; {prediction.Sweeps:N0} sweeps"));
        foreach (var tier in Enum.GetValues<Tier>().Where(t => plan.Bytes[t] > 0))
        {
            var purposes = Enum.GetValues<Purpose>().Where(p => plan.Bytes[tier, p] > 0).ToList();
            report.Add(
                $"{Name(tier, machine)}_bytes",
                new JsonObject(purposes.Select(p => KeyValuePair.Create<string, JsonNode?>(JsonName(p), Math.Round(plan.Bytes[tier, p])))
                    .Prepend(KeyValuePair.Create<string, JsonNode?>("all", Math.Round(plan.Bytes[tier])))),
                string.Create(CultureInfo.InvariantCulture, $"{plan.Bytes[tier] / GiB:0.00} GiB: ")
                    + string.Join(", ", purposes.Select(p => string.Create(CultureInfo.InvariantCulture, $"{Words(p)} {plan.Bytes[tier, p] / GiB:0.00}"))));
        }

        if (machine.DeviceCount > 1)
        {
            AddDevices(report, machine, prediction);
        }

        var busy = prediction.Busy.Where(b => b.Value > 0).OrderByDescending(b => b.Value).ToList();
        return report
            .Add("busy", new JsonObject(busy.Select(b => KeyValuePair.Create<string, JsonNode?>(JsonName(b.Key), Math.Round(b.Value, 3)))),
                string.Join(", ", busy.Where(b => b.Value >= 0.005).Select(b => FormattableString.Invariant($"{PlanText.Name(b.Key)} {b.Value:0%}"))))
            .Add("binds", JsonName(prediction.Binds), PlanText.Name(prediction.Binds))
            .Add("would_help", new JsonArray([.. alternatives.Select(a => new JsonObject { ["change"] = a.Change, ["times"] = Math.Round(a.Times, 2) })]),
                alternatives.Count == 0 ? "nothing that was tried" : string.Join("; ", alternatives.Select(Gain)));
    }

    private static Report Of(DeviceChoice? choice) => choice is null ? new() : new Report().Add(
        "devices_because",
        new JsonObject
        {
            ["all"] = choice.All,
            ["tokens_per_second_on_1"] = choice.OnOne is { } one ? Rounded(one.TokensPerSecond) : null,
            ["tokens_per_second_on_all"] = choice.OnAll is { } all ? Rounded(all.TokensPerSecond) : null,
        },
        PlanText.Of(choice));

    /// <summary>What each compute device has, and does.</summary>
    private static void AddDevices(Report report, HardwareProfile machine, Prediction prediction)
    {
        var plan = prediction.Plan;
        report.Add(
            $"{Name(Tier.Gpu, machine)}_bytes_by_device", new JsonArray([.. plan.Stages.Select(s => (JsonNode?)Math.Round(s.Bytes[Tier.Gpu]))]),
            string.Join(", ", plan.Stages.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Bytes[Tier.Gpu] / GiB:0.00} GiB"))));
        foreach (var (device, busy) in prediction.OfDevices.Index())
        {
            var some = busy.Where(b => b.Value > 0 && b.Key.IsOfADevice()).OrderByDescending(b => b.Value).ToList();
            report.Add(
                $"busy_on_{device}", new JsonObject(some.Select(b => KeyValuePair.Create<string, JsonNode?>(JsonName(b.Key), Math.Round(b.Value, 3)))),
                string.Join(", ", some.Where(b => b.Value >= 0.005).Select(b => FormattableString.Invariant($"{PlanText.Name(b.Key)} {b.Value:0%}"))));
        }
    }

    private static string Devices(HardwareProfile machine) => machine.Compute.IsGpu ? $"{machine.DeviceCount} GPUs" : $"{machine.DeviceCount} compute devices";

    private static string Gain((string Change, double Times) alternative) => alternative.Times < 2
        ? string.Create(CultureInfo.InvariantCulture, $"{alternative.Change} would give {(alternative.Times - 1) * 100:+0}%")
        : string.Create(CultureInfo.InvariantCulture, $"{alternative.Change} would give {alternative.Times:0.0} times");

    private static JsonObject Json(Workload workload, string? basis)
    {
        var json = new JsonObject
        {
            ["sequences"] = workload.Count,
            ["mean_prompt_tokens"] = Math.Round(workload.MeanPrompt, 1),
            ["mean_completion_tokens"] = Math.Round(workload.MeanOutput, 1),
            ["longest"] = workload.Longest,
        };
        if (basis is not null)
        {
            json["basis"] = basis;
        }

        return json;
    }

    private static string Text(Workload workload) => string.Create(
        CultureInfo.InvariantCulture,
        $"{workload.Count:N0} sequences of {workload.MeanPrompt:0.#} + {workload.MeanOutput:0.#} tokens, {workload.Longest} at the most");

    private static double Rounded(double value) => double.Parse(value.ToString("G5", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static string Name(Tier tier, HardwareProfile machine) =>
        tier == Tier.Gpu && !machine.Compute.IsGpu ? "compute" : tier.ToString().ToLowerInvariant();

    private static string JsonName<T>(T value)
        where T : Enum => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static string Words(Purpose purpose) => JsonName(purpose).Replace('_', ' ');
}
