using FlexGen.Planning.Cost;
using FlexGen.Planning.Plans;
using Google.OrTools.LinearSolver;

namespace FlexGen.Planning.Search;

/// <summary>
/// The linear program of FlexGen's policy search (Sheng et al. 2023, section 4.3 and appendix A.3): for one size of micro-batch and one number
/// of them, the shares of weights, KV cache and hidden states on each tier that make a round of sequences take the least time. As there, prefill and
/// a decoding sweep each take as long as the longest of what they do at once, which are sums that are linear in the shares:
/// <code>
/// minimise   T_prefill + s T_decode                                 s sweeps that only decode
/// T_decode  >= compute + (c_G + c_hG + c_dG) A_gpu                 attention on the compute device
/// T_decode  >= ((w_H + w_D) W + (c_hG + c_dG) C + (h_H + h_D) H) / link
/// T_decode  >= (w_D W + (c_dG + c_dH) C + h_D H) / disk reads
/// T_decode  >= (c_hH + c_dH) A_host                                which FlexGen leaves to a switch
/// T_prefill >= compute,  p (w_H + w_D) W / link,  p w_D W / disk reads,  (1 - c_G) K / link,  (c_d + h_D) K / disk writes
/// w_G + w_H + w_D = 1, c_G + c_hG + c_hH + c_dG + c_dH = 1, h_G + h_H + h_D = 1
/// bytes on each tier, from the plans that placement itself uses  &lt;= budgets
/// </code>
/// W, C and H are bytes of a sweep, K those of the prompts' keys and values, p the sweeps that prefill. The bytes of a tier are those of the plan
/// with everything on the GPU, and what each kind's plan differs by when all of it is elsewhere.
/// </summary>
internal sealed class ShareProgram
{
    private readonly CostModel model;
    private readonly RoundCosts round;
    private readonly PolicyPlan whole;
    private readonly Dictionary<(int Kind, Tier Tier), PolicyPlan> elsewhere = [];
    private readonly bool hasDisk;

    /// <param name="model">The model on a machine.</param>
    /// <param name="workload">Lengths.</param>
    /// <param name="policy">Sizes and compression; its placements do not matter.</param>
    /// <param name="hasDisk">Whether something may rest on disk.</param>
    public ShareProgram(CostModel model, Workload workload, Policy policy, bool hasDisk)
    {
        (this.model, this.hasDisk) = (model, hasDisk);
        whole = model.Plan(policy);
        round = new(model, whole, workload);
        foreach (var tier in hasDisk ? (ReadOnlySpan<Tier>)[Tier.Host, Tier.Disk] : [Tier.Host])
        {
            var placement = tier == Tier.Host ? new Placement(0, 100) : new Placement(0, 0);
            elsewhere[(0, tier)] = model.Plan(policy with { Weights = placement });
            elsewhere[(1, tier)] = model.Plan(policy with { Cache = placement });
            elsewhere[(2, tier)] = model.Plan(policy with { Hidden = placement });
        }
    }

    /// <summary>The best shares; null: nothing fits.</summary>
    /// <param name="budgets">What the plan may take.</param>
    public Shares? Solve(IReadOnlyList<MemoryBudget> budgets)
    {
        using var solver = Solver.CreateSolver("GLOP");
        var (w, c, h) = (Kind("w"), Kind("c"), Kind("h"));
        // Of the cache that rests elsewhere, what is attended to in host memory.
        var (onHost, onDisk) = (solver.MakeNumVar(0, 1, "cHa"), solver.MakeNumVar(0, hasDisk ? 1 : 0, "cDa"));
        solver.Add(onHost <= c.Host);
        solver.Add(onDisk <= c.Disk);
        var (decode, prefill) = (solver.MakeNumVar(0, double.PositiveInfinity, "decode"), solver.MakeNumVar(0, double.PositiveInfinity, "prefill"));
        foreach (var budget in budgets.Where(b => double.IsFinite(b.Bytes)))
        {
            solver.Add(budget.Taken(whole) + Moved(budget, 0, w) + Moved(budget, 1, c) + Moved(budget, 2, h) <= budget.Bytes);
        }

        var attended = onHost + onDisk;
        var brought = (c.Host + c.Disk) - attended;
        if (model.Profile.Compute.IsGpu)
        {
            solver.Add(decode >= round.DecodeCompute + (round.DecodeAttention * (c.Gpu + brought)));
            solver.Add(decode >= round.HostAttention * attended);
        }
        else
        {
            // The processor does everything, and a lane's thread copies beside it.
            solver.Add(decode >= round.DecodeCompute + (round.DecodeAttention * (c.Gpu + c.Host + c.Disk)));
        }

        solver.Add(decode >= (round.WeightsOverLink * (w.Host + w.Disk)) + (round.CacheOverLink * brought) + (round.HiddenOverLink * (h.Host + h.Disk)));
        solver.Add(decode >= (round.WeightsFromDisk * w.Disk) + (round.CacheFromDisk * c.Disk) + (round.HiddenFromDisk * h.Disk));
        solver.Add(decode >= round.IssueSeconds);
        solver.Add(prefill >= round.PrefillCompute);
        solver.Add(prefill >= (round.PrefillSweeps * round.WeightsOverLink * (w.Host + w.Disk)) + (round.HiddenOfPrompts * (h.Host + h.Disk)));
        solver.Add(prefill >= round.PrefillSweeps * round.WeightsFromDisk * w.Disk);
        solver.Add(prefill >= (round.PromptsHome * (c.Host + c.Disk)) + (round.HiddenOfPrompts * (h.Host + h.Disk)));
        solver.Add(prefill >= round.PromptsToDisk * c.Disk);
        // Of what costs the same, rather on the GPU and rather in memory, so that equal calls give equal answers.
        solver.Minimize(prefill + (round.DecodeSweeps * decode)
            + (1e-9 * round.DecodeSweeps * ((2 * (w.Disk + c.Disk + h.Disk)) + w.Host + c.Host + h.Host + attended)));
        if (solver.Solve() != Solver.ResultStatus.OPTIMAL)
        {
            return null;
        }

        var away = c.Host.SolutionValue() + c.Disk.SolutionValue();
        return new(
            (w.Gpu.SolutionValue(), w.Host.SolutionValue()),
            (c.Gpu.SolutionValue(), c.Host.SolutionValue()),
            (h.Gpu.SolutionValue(), h.Host.SolutionValue()),
            away > 1e-6 ? Math.Clamp((onHost.SolutionValue() + onDisk.SolutionValue()) / away, 0, 1) : 0,
            prefill.SolutionValue() + (round.DecodeSweeps * decode.SolutionValue()));

        (Variable Gpu, Variable Host, Variable Disk) Kind(string name)
        {
            var shares = (solver.MakeNumVar(0, 1, $"{name}G"), solver.MakeNumVar(0, 1, $"{name}H"), solver.MakeNumVar(0, hasDisk ? 1 : 0, $"{name}D"));
            solver.Add(shares.Item1 + shares.Item2 + shares.Item3 == 1);
            return shares;
        }

        LinearExpr Moved(MemoryBudget budget, int kind, (Variable Gpu, Variable Host, Variable Disk) shares)
        {
            var sum = Difference(budget, kind, Tier.Host) * shares.Host;
            return hasDisk ? sum + (Difference(budget, kind, Tier.Disk) * shares.Disk) : sum;
        }
    }

    private double Difference(MemoryBudget budget, int kind, Tier tier) => budget.Taken(elsewhere[(kind, tier)]) - budget.Taken(whole);
}
