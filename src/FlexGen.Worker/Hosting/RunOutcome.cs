using FlexGen.Dataflow;
using FlexGen.Worker.Policies;

namespace FlexGen.Worker.Hosting;

/// <summary>What a run came to.</summary>
/// <param name="Summary">What the pipeline counted in this run.</param>
/// <param name="TotalRecords">Records of the source, those of earlier runs included; null where no one can know.</param>
/// <param name="PeakGpuBytes">The most memory of each GPU in use after a sweep; 0 without a GPU, null without a model.</param>
/// <param name="Account">How it went beside its plan; null without a model, and where the machine was never measured.</param>
internal sealed record RunOutcome(PipelineSummary Summary, long? TotalRecords, IReadOnlyList<long>? PeakGpuBytes, RunAccount? Account = null)
{
    /// <summary>Records in output or dead letter, those of earlier runs included.</summary>
    public long Done => Summary.RecordsAlreadyDone + Summary.RecordsCompleted + Summary.RecordsFailed;
}
