using System.Text.Json;
using FlexGen.Interop;

namespace FlexGen.Engine.Tracing;

/// <summary>
/// What each lane, the compute device and the engine's thread did when, in the Trace Event Format that chrome://tracing and
/// Perfetto read. A GPU's times come from its own events.
/// </summary>
/// <param name="clock">The processor's clock; null: the system's.</param>
public sealed class Trace(TimeProvider? clock = null) : IDisposable
{
    /// <summary>The track of the engine's thread, which has this name.</summary>
    internal const string Engine = "engine thread";

    private const string Compute = "compute";

    private const string Sweeps = "sweeps";
    private const string Decode = "decode";

    [ThreadStatic]
    private static int underWay;

    private readonly List<Span> spans = [];
    private readonly TimeProvider clock = clock ?? TimeProvider.System;
    private readonly long origin = (clock ?? TimeProvider.System).GetTimestamp();
    private readonly Dictionary<int, (CudaEvent Origin, double OffsetMilliseconds, string Track)> gpus = [];

    /// <summary>Ties a GPU's clock to this process's. Called once for each, which is current on this thread.</summary>
    /// <param name="gpu">Its index.</param>
    /// <param name="isOneOfSeveral">Whether others compute, too.</param>
    internal void UseGpu(int gpu, bool isOneOfSeveral = false)
    {
        var onGpu = new CudaEvent(timed: true);
        CudaStream.Current.Record(onGpu);
        onGpu.Synchronize();
        gpus.Add(gpu, (onGpu, Now, isOneOfSeveral ? $"{Compute} cuda:{gpu}" : Compute));
    }

    private double Now => clock.GetElapsedTime(origin).TotalMilliseconds;

    /// <summary>Begins a span; on a stream, when the stream gets there.</summary>
    internal Span Begin(string track, string name, CudaStream? stream = null)
    {
        underWay++;
        return new(track, name, Now, Event(stream)) { Gpu = stream is null ? 0 : CudaDriver.Current() };
    }

    /// <summary>Begins a span of the current GPU's, when its stream gets there.</summary>
    internal Span BeginCompute(string name, CudaStream stream) => Begin(gpus[CudaDriver.Current()].Track, name, stream);

    /// <summary>
    /// Begins a span in which this thread, or the compute device's stream, waits within another and is not busy; null where this thread has begun no other.
    /// </summary>
    internal Span? BeginWait(string what, CudaStream? stream = null)
    {
        if (underWay == 0)
        {
            return null;
        }

        var name = $"wait: {what}";
        return (stream is null ? Begin(Thread.CurrentThread.Name!, name) : BeginCompute(name, stream)) with { Waits = true };
    }

    /// <summary>Ends a span, on the thread that began it.</summary>
    internal void End(Span span, CudaStream? stream = null)
    {
        underWay--;
        (span.End, span.GpuEnd) = (Now, Event(stream));
        lock (spans)
        {
            spans.Add(span);
        }
    }

    /// <summary>Adds a sweep that has just ended.</summary>
    internal void Sweep(TimeSpan elapsed, bool prefills)
    {
        lock (spans)
        {
            spans.Add(new(Sweeps, prefills ? "prefill" : Decode, Now - elapsed.TotalMilliseconds, null) { End = Now });
        }
    }

    /// <summary>Forgets what was recorded so far.</summary>
    public void Clear()
    {
        lock (spans)
        {
            spans.ForEach(Dispose);
            spans.Clear();
        }
    }

    /// <summary>Writes the trace. What it covers must be done.</summary>
    public void Write(Stream stream)
    {
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteStartArray("traceEvents");
        var tracks = spans.Select(s => s.Track).Distinct().Order().ToList();
        foreach (var span in spans)
        {
            var (start, end) = Times(span);
            json.WriteStartObject();
            json.WriteString("name", span.Name);
            json.WriteString("ph", "X");
            json.WriteNumber("ts", Math.Round(start * 1000, 1));
            json.WriteNumber("dur", Math.Round((end - start) * 1000, 1));
            json.WriteNumber("pid", 1);
            json.WriteNumber("tid", tracks.IndexOf(span.Track));
            json.WriteEndObject();
        }

        for (var n = 0; n < tracks.Count; n++)
        {
            json.WriteStartObject();
            json.WriteString("name", "thread_name");
            json.WriteString("ph", "M");
            json.WriteNumber("pid", 1);
            json.WriteNumber("tid", n);
            json.WriteStartObject("args");
            json.WriteString("name", tracks[n]);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>
    /// For each track the share of the decode sweeps' time in which it was busy, not waiting; of all sweeps' time when none was decode alone.
    /// </summary>
    public IReadOnlyDictionary<string, double> BusyInDecode()
    {
        var sweeps = spans.Where(s => s.Track == Sweeps).ToList();
        var windows = (sweeps.Exists(s => s.Name == Decode) ? sweeps.Where(s => s.Name == Decode) : sweeps).Select(Times).ToList();
        var total = windows.Sum(w => w.End - w.Start);
        return spans.Where(s => s.Track != Sweeps).GroupBy(s => s.Track).OrderBy(g => g.Key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => Math.Round((Covered(g.Where(s => !s.Waits)) - Covered(g.Where(s => s.Waits))) / total, 3));

        double Covered(IEnumerable<Span> group) => Overlap(group.Select(Times).OrderBy(t => t.Start), windows);
    }

    public void Dispose()
    {
        spans.ForEach(Dispose);
        foreach (var (origin, _, _) in gpus.Values)
        {
            origin.Dispose();
        }
    }

    private static void Dispose(Span span)
    {
        span.GpuStart?.Dispose();
        span.GpuEnd?.Dispose();
    }

    /// <summary>Milliseconds of the windows that the spans, ordered by start, cover.</summary>
    private static double Overlap(IEnumerable<(double Start, double End)> ordered, List<(double Start, double End)> windows)
    {
        var (covered, reached, w) = (0.0, double.NegativeInfinity, 0);
        foreach (var (start, end) in ordered)
        {
            var from = Math.Max(start, reached);
            while (w < windows.Count && windows[w].End <= from)
            {
                w++;
            }

            for (var n = w; n < windows.Count && windows[n].Start < end; n++)
            {
                covered += Math.Max(0, Math.Min(end, windows[n].End) - Math.Max(from, windows[n].Start));
            }

            reached = Math.Max(reached, end);
        }

        return covered;
    }

    private static CudaEvent? Event(CudaStream? stream)
    {
        if (stream is null)
        {
            return null;
        }

        var now = new CudaEvent(timed: true);
        stream.Record(now);
        return now;
    }

    private (double Start, double End) Times(Span span)
    {
        if (span.GpuEnd is null || span.GpuStart is null)
        {
            return (span.Start, span.End);
        }

        var (origin, offset, _) = gpus[span.Gpu];
        return (offset + span.GpuStart.MillisecondsSince(origin), offset + span.GpuEnd.MillisecondsSince(origin));
    }

    /// <summary>Something that took time.</summary>
    internal sealed record Span(string Track, string Name, double Start, CudaEvent? GpuStart)
    {
        public bool Waits { get; init; }

        /// <summary>The GPU whose events it has.</summary>
        public int Gpu { get; init; }

        public double End { get; set; }

        public CudaEvent? GpuEnd { get; set; }
    }
}
