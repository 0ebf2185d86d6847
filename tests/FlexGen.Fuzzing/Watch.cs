using System.Diagnostics;

namespace FlexGen.Fuzzing;

/// <summary>Ends the process where one input takes longer than it may, with the input kept in a file.</summary>
internal sealed class Watch : IDisposable
{
    private static readonly TimeSpan limit = TimeSpan.FromSeconds(1);

    private readonly Action<string> report;
    private readonly Timer timer;
    private long current;
    private long seen = -1;
    private TimeSpan since;

    /// <param name="report">Is told of an input that hangs, and keeps it.</param>
    public Watch(Action<string> report)
    {
        this.report = report;
        timer = new Timer(_ => Look(), null, limit / 4, limit / 4);
    }

    /// <summary>The next input begins.</summary>
    public void Next() => Interlocked.Increment(ref current);

    public void Dispose() => timer.Dispose();

    // By the processor's time: on a busy machine an input waits, too.
    private void Look()
    {
        var now = Interlocked.Read(ref current);
        var used = Process.GetCurrentProcess().TotalProcessorTime;
        if (now != seen)
        {
            (seen, since) = (now, used);
        }
        else if (now > 0 && used - since > limit)
        {
            report($"took more than {limit.TotalSeconds} s");
            Environment.Exit(3);
        }
    }
}
