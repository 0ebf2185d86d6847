using FlexGen.Planning.Cost;
using FlexGen.Planning.Plans;

namespace FlexGen.Worker.Policies;

/// <summary>What a run is planned to take.</summary>
/// <param name="Model">The model on this machine.</param>
/// <param name="Policy">The policy.</param>
/// <param name="Mode">How it is scheduled.</param>
/// <param name="Expected">What it is expected to generate.</param>
internal sealed record RunPlan(CostModel Model, PolicyPlan Policy, CostModel.Mode Mode, ExpectedWorkload Expected)
{
    public Prediction Prediction { get; } = Model.Predict(Policy, Expected.Workload, Mode);

    /// <summary>What the same takes for other lengths.</summary>
    public Prediction Predict(Workload workload) => Model.Predict(Policy, workload, Mode);
}
