using FlexGen.Engine;
using FlexGen.Planning;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Hardware;

namespace FlexGen.Worker.Policies;

/// <summary>What else would make a plan faster, each by a search of its own: the shadow prices of the budgets, and what costs accuracy.</summary>
/// <param name="planner">The model.</param>
/// <param name="machine">The machine.</param>
/// <param name="options">What is planned with, searching the policy.</param>
internal sealed class Alternatives(ModelPlanner planner, HardwareProfile machine, EngineOptions options)
{
    private const long More = 8L << 30;

    /// <summary>Gains below this are not told.</summary>
    private const double Worth = 1.03;

    /// <summary>What would change, in the words of a file's keys, and how many times as many tokens per second that would give; the largest first.</summary>
    public IReadOnlyList<(string Change, double Times)> Of(Prediction now)
    {
        var tried = new List<(string Change, HardwareProfile Machine, EngineOptions Options)>
        {
            ("8 GiB more host memory", machine with { HostBytes = machine.HostBytes + (2 * More) }, options with { HostMemory = HostBudget + More }),
        };
        if (machine.Compute.IsGpu)
        {
            tried.Add(("8 GiB more GPU memory", machine with { GpuBytes = machine.GpuBytes + (2 * More) }, options with { GpuMemory = GpuBudget + More }));
            tried.Add(("a link to the GPU twice as fast", Faster(machine), options));
        }

        if (options.CompressWeights == Compression.None)
        {
            tried.Add(("compressWeights: int4", machine, options with { CompressWeights = Compression.Int4 }));
        }

        if (options.CompressCache == Compression.None)
        {
            tried.Add(("compressKv: int4", machine, options with { CompressCache = Compression.Int4 }));
        }

        if (options.CompressWeights == Compression.None && options.CompressCache == Compression.None)
        {
            tried.Add(("compressWeights and compressKv: int4", machine, options with { CompressWeights = Compression.Int4, CompressCache = Compression.Int4 }));
        }

        var workload = options.Auto!.Workload;
        if (Shorter(workload, now.Plan.Policy.SequenceLength) is { } room)
        {
            tried.Add(($"maxSequenceLength: {room}", machine, options with { MaxSequenceLength = room }));
        }

        return [.. tried.AsParallel().AsOrdered().Select(t => (t.Change, Times: TokensPerSecond(t.Machine, t.Options, now.Plan.Policy) / now.TokensPerSecond))
            .Where(t => t.Times >= Worth).OrderByDescending(t => t.Times)];
    }

    private long HostBudget => options.HostMemory ?? (long)(machine.HostBytes / 4 * 3);

    private long GpuBudget => options.GpuMemory ?? (long)(machine.GpuBytes / 10 * 9);

    private static HardwareProfile Faster(HardwareProfile machine)
    {
        var links = machine.Links;
        return machine with { Links = links with { HostToGpu = Twice(links.HostToGpu), GpuToHost = Twice(links.GpuToHost) } };

        static CopyRates Twice(CopyRates rates) =>
            rates with { Alone = 2 * rates.Alone, BesideOther = 2 * rates.BesideOther, BesideAttention = 2 * rates.BesideAttention };
    }

    /// <summary>Room of a slot that the longest of the sample would leave unused, but for a quarter; null: it does not.</summary>
    private static int? Shorter(Workload workload, int room)
    {
        var enough = (workload.Longest + (workload.Longest / 4) + 15) / 16 * 16;
        return enough < room * 3 / 4 ? enough : null;
    }

    private double TokensPerSecond(HardwareProfile profile, EngineOptions changed, Policy now)
    {
        try
        {
            var auto = changed.Auto! with { Profile = (_, _) => profile, Near = now };
            var plan = planner.Plan(profile, changed with { Auto = auto });
            return new CostModel(planner.Outline, profile).Predict(plan, auto.Workload.Within(plan.Policy.SequenceLength)).TokensPerSecond;
        }
        catch (EngineException)
        {
            return 0;
        }
    }
}
