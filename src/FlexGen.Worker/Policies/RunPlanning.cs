using FlexGen.Dataflow;

namespace FlexGen.Worker.Policies;

/// <summary>What a run is planned with, beside its settings.</summary>
/// <param name="Say">Told that the machine is measured, and of what.</param>
/// <param name="Warn">Told that its profile cannot be kept.</param>
/// <param name="Chosen">Told on how many GPUs it runs, and why, where no device is named.</param>
/// <param name="Workload">What will be generated, given how many tokens a prompt has.</param>
internal sealed record RunPlanning(Action<string> Say, Action<string> Warn, Action<string> Chosen, Func<Func<Prompt, int>, ExpectedWorkload> Workload);
