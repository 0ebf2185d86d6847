using FlexGen.Dataflow;

namespace FlexGen.Worker.Reporting;

/// <summary>Speeds since the run began, and the time left at that speed.</summary>
internal sealed class ProgressRate(Pipeline pipeline, TimeProvider time)
{
    private readonly long start = time.GetTimestamp();

    public ProgressReading Read()
    {
        var done = pipeline.Progress.RecordsCompleted + pipeline.Progress.RecordsFailed;
        var seconds = Math.Max(time.GetElapsedTime(start).TotalSeconds, 1e-3);
        var records = done / seconds;
        var tokens = pipeline.Progress.CompletionTokens / seconds;
        done += pipeline.RecordsAlreadyDone;
        var left = (pipeline.TotalRecords - done ?? double.NaN) / records;
        return new ProgressReading(done, pipeline.TotalRecords, records, tokens,
            left < TimeSpan.FromDays(1000).TotalSeconds ? TimeSpan.FromSeconds(Math.Ceiling(left)).ToString("g") : "unknown time");
    }
}
