using CsCheck;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Tests.Cost;

/// <summary>What a cost model may be asked: models, policies, workloads, schedules and machines of all sorts.</summary>
internal static class Cases
{
    public static Gen<(CostModel Model, PolicyPlan Plan, Workload Workload, CostModel.Mode Mode)> All { get; } =
        from planned in Plans.Plans.All
        from machine in Machines.All
        from workload in Workloads(planned.Policy.SequenceLength)
        from mode in Gen.Select(Gen.Bool, Gen.Bool)
        from pages in Gen.Int[0, 4]
        let model = new CostModel(planned.Model, Machines.For(planned.Model, machine))
        select (
            model, model.Plan(planned.Policy with
            {
                WeightPages = pages == 0 ? null : pages,
                RecordsDecode = planned.Policy.RecordsDecode && machine.Compute.IsGpu && mode.Item1,
            }), workload, new CostModel.Mode(mode.Item1, mode.Item2));

    /// <summary>Models whose weights, at least, take more than a copy's latency.</summary>
    public static Gen<ModelOutline> Models { get; } =
        from layers in Gen.Int[1, 4]
        from heads in Gen.Select(Gen.Int[8, 50], Gen.Int[1, 4])
        select Plans.Plans.Model(layers, heads.Item1 * heads.Item2, heads.Item1, ElementFormat.F16);

    /// <summary>Sequences that fit a slot: of one length or of several, one, few, or more than any slots.</summary>
    public static Gen<Workload> Workloads(int room)
    {
        var lengths =
            from all in Gen.Int[2, room]
            from prompt in Gen.Int[1, all - 1]
            select new SequenceLengths(prompt, all - prompt);
        return
            from sample in lengths.List[1, 5]
            from total in Gen.OneOf(Gen.Const((long?)null), Gen.Long[1, 300].Select(n => (long?)n))
            select new Workload(sample, total);
    }

    /// <summary>The same question about another machine.</summary>
    public static Prediction On(HardwareProfile machine, CostModel model, PolicyPlan plan, Workload workload, CostModel.Mode mode)
    {
        var other = new CostModel(model.Model, machine);
        return other.Predict(other.Plan(plan.Policy), workload, mode);
    }
}
