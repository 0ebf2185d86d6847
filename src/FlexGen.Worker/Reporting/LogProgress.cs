using FlexGen.Dataflow;
using Microsoft.Extensions.Logging;

namespace FlexGen.Worker.Reporting;

/// <summary>A log line every few seconds, for where no terminal is.</summary>
internal sealed class LogProgress(ILogger<LogProgress> logger, TimeProvider time) : IProgressDisplay
{
    private static readonly TimeSpan interval = TimeSpan.FromSeconds(5);
    private readonly WorkerLog log = new(logger);

    public async Task ShowAsync(string name, Pipeline pipeline, Task run)
    {
        var rate = new ProgressRate(pipeline, time);
        while (await Task.WhenAny(run, Task.Delay(interval, time)) != run)
        {
            var reading = rate.Read();
            if (reading.Total is { } total)
            {
                log.Progress(reading.Done, total, reading.RecordsPerSecond, reading.TokensPerSecond, reading.Left);
            }
            else
            {
                log.ProgressOfStream(reading.Done, reading.RecordsPerSecond, reading.TokensPerSecond);
            }
        }
    }
}
