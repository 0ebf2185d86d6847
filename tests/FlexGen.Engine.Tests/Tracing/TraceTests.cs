using System.Text.Json;
using FlexGen.Engine.Tracing;

namespace FlexGen.Engine.Tests.Tracing;

public sealed class TraceTests : IDisposable
{
    private readonly Clock clock = new();
    private readonly Trace trace;

    public TraceTests() => trace = new(clock);

    public void Dispose() => trace.Dispose();

    [Fact]
    public void A_track_is_busy_where_its_spans_are_but_not_where_they_wait()
    {
        Thread.CurrentThread.Name = Trace.Engine;
        Assert.Null(trace.BeginWait("nothing is under way"));
        Spend("weight loads", 20);
        clock.Milliseconds = 20;
        var step = trace.Begin("engine thread", "Complete 1,0");
        clock.Milliseconds = 30;
        var wait = trace.BeginWait("weight loads 1,0")!;
        clock.Milliseconds = 80;
        trace.End(wait);
        clock.Milliseconds = 100;
        trace.End(step);
        trace.Sweep(TimeSpan.FromMilliseconds(100), prefills: false);
        var busy = trace.BusyInDecode();
        Assert.Equal(0.3, busy["engine thread"]);
        Assert.Equal(0.2, busy["weight loads"]);
    }

    [Fact]
    public void Sweeps_with_prompts_do_not_count_where_there_are_others()
    {
        Spend("compute", 10);
        trace.Sweep(TimeSpan.FromMilliseconds(10), prefills: true);
        Spend("compute", 5);
        clock.Milliseconds += 5;
        trace.Sweep(TimeSpan.FromMilliseconds(10), prefills: false);
        Assert.Equal(0.5, trace.BusyInDecode()["compute"]);
    }

    [Fact]
    public void It_is_written_in_the_Trace_Event_Format_with_a_named_track_for_each_lane()
    {
        Spend("weight loads", 2);
        Spend("compute", 3);
        using var written = new MemoryStream();
        trace.Write(written);
        using var json = JsonDocument.Parse(written.ToArray());
        var events = json.RootElement.GetProperty("traceEvents").EnumerateArray().ToList();
        var tracks = events.Where(e => e.GetProperty("ph").GetString() == "M").ToDictionary(
            e => e.GetProperty("tid").GetInt32(), e => e.GetProperty("args").GetProperty("name").GetString());
        var spans = events.Where(e => e.GetProperty("ph").GetString() == "X").Select(
            e => (tracks[e.GetProperty("tid").GetInt32()], e.GetProperty("ts").GetDouble(), e.GetProperty("dur").GetDouble()));
        Assert.Equal([("weight loads", 0, 2000), ("compute", 2000, 3000)], spans);
    }

    private void Spend(string track, double milliseconds)
    {
        var span = trace.Begin(track, "work");
        clock.Milliseconds += milliseconds;
        trace.End(span);
    }

    private sealed class Clock : TimeProvider
    {
        public double Milliseconds { get; set; }

        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => (long)(Milliseconds * 1000);
    }
}
