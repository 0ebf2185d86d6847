using System.Globalization;
using System.Text.Json.Nodes;
using FlexGen.Engine;
using FlexGen.Planning;
using FlexGen.Planning.Cost;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Policies;

/// <summary>Policies and predictions for people, and for programs.</summary>
internal static class PlanText
{
    /// <summary>A policy in a line.</summary>
    public static string Of(Policy policy) =>
        $"{policy.GpuBatchSize} x {policy.GpuBatchCount} slots of {policy.SequenceLength} tokens; weights {Of(policy.Weights, policy.CompressWeights)}, "
        + $"KV cache {Of(policy.Cache, policy.CompressCache)}, hidden states {policy.Hidden} (% on GPU/host/disk)"
        + (policy.AttentionOnHost > 0 ? string.Create(CultureInfo.InvariantCulture, $", {policy.AttentionOnHost:0.#}% of attention on the host") : "");

    /// <summary>A prediction in a line.</summary>
    public static string Of(Prediction prediction)
    {
        var (records, binds) = (prediction.SequencesPerSecond * 3600, prediction.Binds);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Of(prediction.Plan.Policy)}: {Significant(prediction.TokensPerSecond)} tokens/s and {Significant(records)} records/h predicted; ")
            + FormattableString.Invariant($"{Name(binds)} is busy {prediction.Busy[binds]:0%}");
    }

    /// <summary>A run's plan in a line.</summary>
    public static string Of(RunPlan plan) => $"{Of(plan.Prediction)}; {plan.Expected.Basis}";

    /// <summary>Why a run is on as many GPUs as it is, in a line.</summary>
    public static string Of(DeviceChoice choice)
    {
        var all = choice.OnAll is { } several ? $"{Significant(several.TokensPerSecond)} tokens/s predicted on {choice.All}" : $"it does not fit {choice.All}";
        var one = choice.OnOne is { } alone ? $"{Significant(alone.TokensPerSecond)} on 1" : "it does not fit 1";
        var times = choice is { OnAll: { } on, OnOne: { } off } ? FormattableString.Invariant($": {on.TokensPerSecond / off.TokensPerSecond:0.00} times") : "";
        return FormattableString.Invariant($"{choice.Count} of {choice.All} GPUs: {all}, {one}{times}; several are taken from {DeviceChoice.Worth} times on");
    }

    /// <summary>What people call a resource.</summary>
    public static string Name(Resource resource) => resource switch
    {
        Resource.Engine => "the engine's thread",
        Resource.Compute => "the compute device",
        Resource.ToGpu => "the link to the GPU",
        Resource.ToHost => "the link from the GPU",
        Resource.DiskReads => "reading from disk",
        Resource.DiskWrites => "writing to disk",
        _ => "attention in host memory",
    };

    private static string Of(Placement placement, Compression compression) =>
        compression == Compression.None ? placement.ToString() : $"{placement} in {PolicySettings.CompressionName(compression)}";

    /// <summary>A policy's keys, as <c>bench</c> and <c>plan</c> print them.</summary>
    public static JsonObject Json(Policy policy) => new()
    {
        ["gpu_batch_size"] = policy.GpuBatchSize,
        ["gpu_batch_count"] = policy.GpuBatchCount,
        ["sequence_length"] = policy.SequenceLength,
        ["weights"] = policy.Weights.ToString(),
        ["cache"] = policy.Cache.ToString(),
        ["hidden"] = policy.Hidden.ToString(),
        ["weight_pages"] = policy.WeightPages ?? policy.GpuBatchCount,
        ["attention_on_host"] = policy.AttentionOnHost,
        ["compress_weights"] = PolicySettings.CompressionName(policy.CompressWeights),
        ["compress_kv"] = PolicySettings.CompressionName(policy.CompressCache),
    };

    /// <summary>A number with three digits that mean something.</summary>
    public static string Significant(double value) =>
        value >= 100 ? value.ToString("N0", CultureInfo.InvariantCulture) : value.ToString("G3", CultureInfo.InvariantCulture);
}
