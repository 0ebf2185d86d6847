using FlexGen.Dataflow;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FlexGen.Worker.Reporting;

/// <summary>A progress bar on a terminal, and below it what a line of 80 characters has no room for beside one.</summary>
internal sealed class BarProgress(IAnsiConsole console, TimeProvider time) : IProgressDisplay
{
    private static readonly TimeSpan interval = TimeSpan.FromMilliseconds(250);

    public Task ShowAsync(string name, Pipeline pipeline, Task run)
    {
        name = Excerpt.Plain(name);
        var readings = new ReadingColumn(name, new ProgressRate(pipeline, time));
        return console.Progress().Columns(readings).StartAsync(async context =>
        {
            var bar = context.AddTask(Markup.Escape(name), maxValue: Math.Max(1, pipeline.TotalRecords ?? 1));
            bar.IsIndeterminate = pipeline.TotalRecords is null;
            do
            {
                bar.Value = readings.Read().Done;
            }
            while (await Task.WhenAny(run, Task.Delay(interval, time)) != run);
            bar.Value = pipeline.TotalRecords == 0 ? 1 : readings.Read().Done;
        });
    }

    private sealed class ReadingColumn(string name, ProgressRate rate) : ProgressColumn
    {
        private readonly ProgressBarColumn bar = new();
        private readonly PercentageColumn percentage = new();
        private ProgressReading reading;

        public ProgressReading Read() => reading = rate.Read();

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            var line = new Grid().AddColumns(new GridColumn().NoWrap(), new GridColumn(), new GridColumn().NoWrap());
            line.AddRow(new Text(name), bar.Render(options, task, deltaTime), percentage.Render(options, task, deltaTime));
            var total = reading.Total is null ? "" : $" of {reading.Total:N0}";
            var left = reading.Total is null ? "" : $"  {reading.Left} left";
            return new Rows(line, new Text(
                $"{reading.Done:N0}{total} records  {reading.RecordsPerSecond:N1} records/s  {reading.TokensPerSecond:N0} tokens/s{left}"));
        }
    }
}
