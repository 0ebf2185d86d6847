using System.Globalization;
using System.Text;
using FlexGen.Planning;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;

namespace FlexGen.Worker.Policies;

/// <summary>A plan as a terminal can draw it: what lies on each tier, and what each resource does while a decoding sweep passes a few layers.</summary>
internal static class PlanPicture
{
    private const int Width = 72;
    private const int LayersShown = 3;
    private const string Idle = "·";
    private const double GiB = 1L << 30;

    private static readonly (Purpose Purpose, char Mark, string Name)[] marks =
    [
        (Purpose.Weights, 'W', "weights"), (Purpose.StreamedWeights, 'w', "streamed weights"), (Purpose.Cache, 'K', "KV cache"),
        (Purpose.Hidden, 'H', "hidden states"), (Purpose.Activations, 'a', "activations"), (Purpose.RecordedDecode, 'r', "recorded decode"),
    ];

    /// <summary>A bar for each tier, of its whole memory.</summary>
    public static string Tiers(PolicyPlan plan, HardwareProfile machine)
    {
        var text = new StringBuilder();
        var gpu = machine.Compute.IsGpu ? "GPU" : "compute";
        var devices = plan.Stages.Select((s, n) => (s.Bytes, Tier.Gpu, plan.Stages.Count == 1 ? gpu : $"{gpu} {n}", machine.GpuBytes));
        var others = new[] { (plan.Bytes, Tier.Host, "host", machine.HostBytes), (plan.Bytes, Tier.Disk, "disk", machine.DiskBytes) };
        foreach (var (bytes, tier, name, all) in devices.Concat(others).Where(t => t.Item1[t.Item2] > 0))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{name,-10}[{Bar(bytes, tier, all)}] {bytes[tier] / GiB:0.0} of {all / GiB:0.0} GiB");
        }

        var seen = marks.Where(m => Enum.GetValues<Tier>().Any(t => plan.Bytes[t, m.Purpose] > 0)).Select(m => $"{m.Mark} {m.Name}");
        return text.AppendLine(CultureInfo.InvariantCulture, $"           {string.Join(", ", seen)}, o other").ToString();
    }

    /// <summary>A line for each resource that works, over a few layers in the middle; a digit is the micro-batch that it works for, # what all share.</summary>
    public static string Timeline(IReadOnlyList<Span> spans, int layers)
    {
        var first = Math.Max(1, (layers / 2) - 1);
        var compute = spans.Where(s => s.Resource == Resource.Compute && s.Layer >= first && s.Layer < first + LayersShown).ToList();
        if (compute.Count == 0)
        {
            return "A decoding sweep is recorded once and given to the GPU whole.\n";
        }

        var (start, end) = (compute.Min(s => s.Start), compute.Max(s => s.End));
        var text = new StringBuilder();
        var milliseconds = (end - start) * 1000;
        var shown = $"layers {first} to {first + LayersShown - 1} of {layers - 2}";
        text.AppendLine(CultureInfo.InvariantCulture, $"{shown} in a decoding sweep, {milliseconds:0.0} ms:");
        var several = spans.Any(s => s.Device > 0);
        foreach (var row in spans.Where(s => s.End > start && s.Start < end).GroupBy(s => (s.Resource, s.Device)).OrderBy(g => g.Key))
        {
            var name = PlanText.Name(row.Key.Resource) + (several && row.Key.Resource.IsOfADevice() ? $" {row.Key.Device}" : "");
            text.AppendLine(CultureInfo.InvariantCulture, $"{name,-26}[{Line(row, start, end)}]");
        }

        return text.ToString();
    }

    private static string Bar(TierBytes bytesOf, Tier tier, double all)
    {
        var (bar, bytes) = (new StringBuilder(), 0.0);
        foreach (var (purpose, mark, _) in marks.Append((Purpose.Process, 'o', "")))
        {
            bytes = purpose == Purpose.Process ? bytesOf[tier] : bytes + bytesOf[tier, purpose];
            bar.Append(mark, Math.Max(0, (int)Math.Round(Math.Min(1, bytes / all) * Width) - bar.Length));
        }

        return bar.ToString().PadRight(Width, Idle[0]);
    }

    private static string Line(IEnumerable<Span> spans, double start, double end)
    {
        var (line, step) = (new double[Width], (end - start) / Width);
        var marks = new char[Width];
        Array.Fill(marks, Idle[0]);
        foreach (var span in spans)
        {
            for (var n = Math.Max(0, (int)((span.Start - start) / step)); n < Width && start + (n * step) < span.End; n++)
            {
                var covered = Math.Min(span.End, start + ((n + 1) * step)) - Math.Max(span.Start, start + (n * step));
                if (covered > line[n] && covered > step / 4)
                {
                    (line[n], marks[n]) = (covered, span.MicroBatch is { } k ? (char)('0' + (k % 10)) : '#');
                }
            }
        }

        return new(marks);
    }
}
