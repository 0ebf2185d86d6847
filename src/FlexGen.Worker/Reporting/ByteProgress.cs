using Spectre.Console;

namespace FlexGen.Worker.Reporting;

/// <summary>A bar of bytes on a terminal for as long as work on them takes; nothing where the error stream is none.</summary>
internal sealed class ByteProgress : IDisposable
{
    private static readonly TimeSpan interval = TimeSpan.FromMilliseconds(250);
    private readonly ManualResetEventSlim ended = new();
    private readonly Task shown;
    private (long Done, long Total) state;

    private ByteProgress(string name, IAnsiConsole? console) => shown = console is null ? Task.CompletedTask : Task.Run(() => Draw(name, console));

    public static ByteProgress Start(string name) => Start(
        name, Console.IsErrorRedirected ? null : AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }));

    public static ByteProgress Start(string name, IAnsiConsole? console) => new(name, console);

    /// <summary>Says how many bytes are done, of how many.</summary>
    public void Show(long done, long total)
    {
        lock (ended)
        {
            state = (done, total);
        }
    }

    /// <summary>Shows what was last said, and ends the bar.</summary>
    public void Dispose()
    {
        ended.Set();
        shown.Wait();
        ended.Dispose();
    }

    private void Draw(string name, IAnsiConsole console) => console.Progress()
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new RemainingTimeColumn())
        .Start(context =>
        {
            var bar = context.AddTask(Markup.Escape(name));
            bool isLast;
            do
            {
                isLast = ended.Wait(interval);
                lock (ended)
                {
                    (bar.Value, bar.MaxValue) = (state.Done, Math.Max(1, state.Total));
                }
            }
            while (!isLast);
        });
}
