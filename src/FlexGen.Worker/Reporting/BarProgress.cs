using FlexGen.Dataflow;
using Spectre.Console;

namespace FlexGen.Worker.Reporting;

/// <summary>A progress bar on a terminal.</summary>
internal sealed class BarProgress(IAnsiConsole console, TimeProvider time) : IProgressDisplay
{
    private static readonly TimeSpan interval = TimeSpan.FromMilliseconds(250);

    public Task ShowAsync(string name, Pipeline pipeline, Task run) =>
        console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(async context =>
            {
                var rate = new ProgressRate(pipeline, time);
                var bar = context.AddTask(Markup.Escape(name), maxValue: Math.Max(1, pipeline.TotalRecords ?? 1));
                bar.IsIndeterminate = pipeline.TotalRecords is null;
                do
                {
                    Update(bar, name, rate.Read());
                }
                while (await Task.WhenAny(run, Task.Delay(interval, time)) != run);
                Update(bar, name, rate.Read());
            });

    private static void Update(ProgressTask bar, string name, ProgressReading reading)
    {
        bar.Description = Markup.Escape(
            $"{name}  {reading.Done:N0} of {reading.Total:N0} records  {reading.RecordsPerSecond:N1} records/s  {reading.TokensPerSecond:N0} tokens/s  {reading.Left} left");
        bar.Value = reading.Total == 0 ? 1 : reading.Done;
    }
}
