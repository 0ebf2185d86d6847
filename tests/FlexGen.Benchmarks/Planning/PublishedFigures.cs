using System.Globalization;
using FlexGen.Engine.Models;
using FlexGen.Planning;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;

namespace FlexGen.Benchmarks.Planning;

/// <summary>
/// <c>published</c>: the original FlexGen's published policies for a T4 with 208 GB of host memory and 1.5 TB of disk, 512 + 32 tokens, under its
/// schedule and under ours, beside the tokens per second that it published.
/// </summary>
internal static class PublishedFigures
{
    private const int Prompt = 512, Output = 32;
    private const double GiB = 1L << 30;

    /// <summary>Its benchmark's own cases (benchmark/flexgen/bench_suite.py), and the figures of its README.</summary>
    private static readonly (string Shape, Policy Policy, bool Overlaps, double Published)[] cases =
    [
        ("opt-6.7b", Of(2, 1, new(100, 0), new(100, 0), new(100, 0)), false, 25.26),
        ("opt-30b", Of(48, 3, new(20, 80), new(0, 100), new(0, 100)) with { AttentionOnHost = 100 }, true, 7.32),
        ("opt-175b", Of(32, 8, new(0, 50), new(0, 0), new(0, 100)) with { AttentionOnHost = 100 }, true, 0.69),
        ("opt-6.7b", Of(72, 1, new(100, 0), new(100, 0), new(100, 0)) with { CompressWeights = Compression.Int4, CompressCache = Compression.Int4 }, false, 29.12),
        ("opt-30b", Of(64, 8, new(0, 100), new(0, 100), new(0, 100)) with { CompressCache = Compression.Int4 }, true, 8.38),
        ("opt-175b", Of(48, 3, new(0, 100), new(0, 100), new(0, 100)) with { CompressWeights = Compression.Int4, CompressCache = Compression.Int4 }, true, 1.12),
    ];

    public static int Run()
    {
        var (sheet, fitted) = (KnownHardware.Find("t4")!.ToProfile(), Fitted());
        Console.WriteLine("| policy | published | its schedule, its figures | predicted / published | its schedule, data sheets | our schedule, its figures | our schedule, data sheets |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var (shape, policy, overlaps, published) in cases)
        {
            var outline = PublishedShapes.Create(shape).Outline(ElementFormat.F16);
            var (theirs, sheets) = (Original(new(outline, fitted)), Original(new(outline, sheet)));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {Name(shape, policy)} | {published:0.00} | {theirs.Rate:0.00} ({theirs.Prefill:N0} + {theirs.Decode:N0} s) | {theirs.Rate / published:0.00} | {sheets.Rate:0.00} | {Ours(new(outline, fitted)):0.00} | {Ours(new(outline, sheet)):0.00} |"));

            (double Rate, double Prefill, double Decode) Original(CostModel model)
            {
                var (prefill, decode) = new SynchronisedRun(model, policy, overlaps).Seconds(Prompt, Output);
                return (policy.EffectiveBatchSize * Output / (prefill + decode), prefill, decode);
            }

            double Ours(CostModel model) =>
                model.Predict(model.Plan(policy with { RecordsDecode = true }), Workload.Uniform(Prompt, Output, policy.EffectiveBatchSize)).TokensPerSecond;
        }

        return 0;
    }

    private static Policy Of(int size, int count, Placement weights, Placement cache, Placement hidden) =>
        new(size, count, Prompt + Output) { Weights = weights, Cache = cache, Hidden = hidden };

    private static string Name(string shape, Policy policy) => string.Create(
        CultureInfo.InvariantCulture,
        $"{shape}, {policy.GpuBatchSize} x {policy.GpuBatchCount}, weights {policy.Weights}{Packed(policy.CompressWeights)}, KV cache {policy.Cache}{Packed(policy.CompressCache)}, hidden {policy.Hidden}")
        + (policy.AttentionOnHost > 0 ? ", attention on the host" : "");

    private static string Packed(Compression compression) => compression == Compression.Int4 ? " in 4 bits" : "";

    /// <summary>
    /// The T4 as the original's own cost model has it (experimental/cost_model.py, constants fitted to runs on it): 12.89 GiB/s to the GPU, 0.97 and 4.82
    /// from it for KV cache and hidden states, products at 21.24 T operations/s for prompts and 4.3 T for tokens, attention at 9.97 T, 0.079 T and, on
    /// the host, 0.0123 T. Its disk, whose fitted 0.473 GiB/s its own 175B figure exceeds, is the paper's: 2 GB/s read and 1 GB/s written.
    /// </summary>
    private static HardwareProfile Fitted()
    {
        var sheet = KnownHardware.Find("t4")!.ToProfile();
        double[] rows = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 65536], elements = [1 << 22, 1 << 30];
        var products = new ProductTable(rows, elements, [.. rows.Select(r => (IReadOnlyList<double>)[.. elements.Select(e => Product(r, e))])]);
        var links = sheet.Links;
        return sheet with
        {
            Links = links with
            {
                HostToGpu = links.HostToGpu with { Alone = 12.89 * GiB },
                GpuToHost = links.GpuToHost with { Alone = 0.97 * GiB, BesideOther = 4.82 * GiB },
            },
            Compute = sheet.Compute with
            {
                Products = new Dictionary<string, ProductTable> { ["float16"] = products, ["int4"] = products },
                DecodeAttention = Attention(0.079e12),
                PrefillAttention = new([new(Prompt, 9.97e12)]),
            },
            HostAttention = sheet.HostAttention with { ByFormat = Attention(0.0123e12) },
        };

        double Product(double r, double e) => Math.Max(2 * e / sheet.Compute.ElementBytes, 2 * r * e / (r > 256 ? 21.24e12 : 4.3e12));

        // A query times 16 bits of a key, and of a value, is two operations for two bytes.
        static Dictionary<string, AttentionRates> Attention(double operations)
        {
            var seconds = new Curve([new(1e6, 1e6 / operations), new(1e9, 1e9 / operations)]);
            return new() { ["float16"] = new(seconds, seconds), ["int4"] = new(seconds, seconds) };
        }
    }
}
