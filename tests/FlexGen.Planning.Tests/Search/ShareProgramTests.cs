using CsCheck;
using FlexGen.Planning.Search;

namespace FlexGen.Planning.Tests.Search;

public class ShareProgramTests
{
    private static readonly Random random = new(1);

    [Fact]
    public void No_shares_that_fit_take_less_by_its_own_reckoning() => Searches.All.Sample((model, request) =>
    {
        var policy = new Policy(8, 3, request.SequenceLength) { CompressWeights = request.CompressWeights, CompressCache = request.CompressCache };
        var found = new ShareProgram(model, request.Workload, policy, request.HasDisk).Solve(request.Budgets);
        var hasDisk = request.Budgets.Any(b => b.Tiers.Contains(Tier.Disk));
        var round = new RoundCosts(model, model.Plan(policy), request.Workload);
        for (var n = 0; n < 1000; n++)
        {
            var (w, c, h) = (Random(hasDisk), Random(hasDisk), Random(hasDisk));
            var (onHost, onDisk) = (c.Host * random.NextDouble(), c.Disk * random.NextDouble());
            if (!request.Budgets.All(b => Taken(b, w, c, h) <= b.Bytes))
            {
                continue;
            }

            var seconds = Seconds(model.Profile.Compute.IsGpu, round, w, c, h, onHost + onDisk);
            Assert.True(found is { } best && best.Seconds <= seconds * (1 + 1e-6), $"{found?.Seconds} s, and {w}, {c}, {h} take {seconds} s");
        }

        double Taken(MemoryBudget budget, (double Gpu, double Host, double Disk) w, (double Gpu, double Host, double Disk) c, (double Gpu, double Host, double Disk) h)
        {
            var whole = budget.Taken(model.Plan(policy));
            return whole
                + (w.Host * (budget.Taken(model.Plan(policy with { Weights = new(0, 100) })) - whole)) + (w.Disk * (budget.Taken(model.Plan(policy with { Weights = new(0, 0) })) - whole))
                + (c.Host * (budget.Taken(model.Plan(policy with { Cache = new(0, 100) })) - whole)) + (c.Disk * (budget.Taken(model.Plan(policy with { Cache = new(0, 0) })) - whole))
                + (h.Host * (budget.Taken(model.Plan(policy with { Hidden = new(0, 100) })) - whole)) + (h.Disk * (budget.Taken(model.Plan(policy with { Hidden = new(0, 0) })) - whole));
        }
    }, iter: 30, threads: 1);

    private static double Seconds(
        bool isGpu, RoundCosts of, (double Gpu, double Host, double Disk) w, (double Gpu, double Host, double Disk) c, (double Gpu, double Host, double Disk) h, double attended)
    {
        var brought = c.Host + c.Disk - attended;
        double[] decode =
        [
            of.DecodeCompute + (of.DecodeAttention * (isGpu ? c.Gpu + brought : 1)),
            isGpu ? of.HostAttention * attended : 0,
            (of.WeightsOverLink * (w.Host + w.Disk)) + (of.CacheOverLink * brought) + (of.HiddenOverLink * (h.Host + h.Disk)),
            (of.WeightsFromDisk * w.Disk) + (of.CacheFromDisk * c.Disk) + (of.HiddenFromDisk * h.Disk),
            of.IssueSeconds,
        ];
        double[] prefill =
        [
            of.PrefillCompute,
            (of.PrefillSweeps * of.WeightsOverLink * (w.Host + w.Disk)) + (of.HiddenOfPrompts * (h.Host + h.Disk)),
            of.PrefillSweeps * of.WeightsFromDisk * w.Disk,
            (of.PromptsHome * (c.Host + c.Disk)) + (of.HiddenOfPrompts * (h.Host + h.Disk)),
            of.PromptsToDisk * c.Disk,
        ];
        return prefill.Max() + (of.DecodeSweeps * decode.Max());
    }

    private static (double Gpu, double Host, double Disk) Random(bool hasDisk)
    {
        var gpu = random.Next(3) switch { 0 => 0, 1 => 1, _ => random.NextDouble() };
        var host = hasDisk && random.Next(2) == 0 ? random.NextDouble() * (1 - gpu) : 1 - gpu;
        return (gpu, host, Math.Max(0, 1 - gpu - host));
    }
}
