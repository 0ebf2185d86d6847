using System.Globalization;
using FlexGen.Engine.Models;
using FlexGen.Planning;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Search;

namespace FlexGen.Benchmarks.Planning;

/// <summary>
/// <c>planned</c>: what is planned for one T4, for four in one host, and for four that have a host each, beside what FlexGen published for one and for four.
/// </summary>
internal static class SeveralHosts
{
    private const double GiB = 1L << 30, Gpu = 14.5 * GiB, Host = 190 * GiB;
    private const int Prompt = 512, Output = 32, Sequences = 10000;

    private static readonly (string Shape, double? Of4)[] shapes = [("opt-6.7b", 201), ("opt-30b", 23.6), ("opt-175b", 2.33)];

    public static int Run()
    {
        Console.WriteLine("| model | GPUs | hosts | FlexGen published | predicted here | policy | what binds |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var compression in Enum.GetValues<Compression>())
        {
            foreach (var (shape, published) in shapes)
            {
                Print(shape, compression, 1, 1, null);
                Print(shape, compression, 4, 1, null);
                Print(shape, compression, 4, 4, compression == Compression.None ? published : null);
            }
        }

        return 0;
    }

    private static void Print(string shape, Compression compression, int gpus, int hosts, double? published)
    {
        var machine = Of(KnownHardware.Find("t4")!.ToProfile(), gpus, hosts);
        var budgets = new List<MemoryBudget>
        {
            new("GPU memory", [Tier.Gpu], Gpu), new("host memory", [Tier.Host], hosts * Host), new("the disk", [Tier.Disk], machine.DiskBytes),
        };
        var request = new SearchRequest(Workload.Uniform(Prompt, Output, Sequences), budgets, Prompt + Output)
        {
            CompressWeights = compression,
            CompressCache = compression,
        };
        var found = new PolicySearch(new(PublishedShapes.Create(shape).Outline(ElementFormat.F16), machine)).Find(request)!;
        var policy = found.Plan.Policy;
        var busy = found.Busy.OrderByDescending(b => b.Value).Take(2).Select(b => string.Create(CultureInfo.InvariantCulture, $"{b.Key} {b.Value:0%}"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {shape}{(compression == Compression.None ? "" : ", 4 bits")} | {gpus} | {hosts} | {published} | {found.TokensPerSecond:G3} | {policy.GpuBatchSize} x {policy.GpuBatchCount}, weights {policy.Weights}, KV cache {policy.Cache}, hidden {policy.Hidden}, {policy.AttentionOnHost:0}% on the host | {string.Join(", ", busy)} |"));
    }

    /// <summary>Several hosts as one with all their memory, disks and processors: hidden states between them are taken to need no more than a link.</summary>
    private static HardwareProfile Of(HardwareProfile one, int gpus, int hosts)
    {
        var (several, links) = (one.With(gpus), one.Links);
        return several with
        {
            HostBytes = hosts * one.HostBytes,
            DiskBytes = hosts * one.DiskBytes,
            Devices = several.Devices! with { HostRate = hosts * several.Devices!.HostRate },
            Links = links with { DiskRead = Times(links.DiskRead), DiskWrite = Times(links.DiskWrite), DiskToGpu = Times(links.DiskToGpu) },
            HostAttention = one.HostAttention with
            {
                ByFormat = one.HostAttention.ByFormat.ToDictionary(f => f.Key, f => new AttentionRates(Faster(f.Value.Plain), Faster(f.Value.Grouped))),
            },
        };

        CopyRates Times(CopyRates rates) => rates with
        {
            Alone = hosts * rates.Alone,
            BesideOther = hosts * rates.BesideOther,
            BesideAttention = hosts * rates.BesideAttention,
        };

        Curve Faster(Curve seconds) => new([.. seconds.Points.Select(p => new CurvePoint(p.X, p.Y / hosts))]);
    }
}
