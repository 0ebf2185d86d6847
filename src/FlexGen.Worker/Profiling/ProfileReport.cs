using System.Globalization;
using FlexGen.Planning.Hardware;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Profiling;

/// <summary>A profile for people: a line for each figure, with its unit.</summary>
internal static class ProfileReport
{
    private const double GB = 1e9;

    public static Report Of(HardwareProfile profile)
    {
        var report = new Report();
        var (links, compute, onHost) = (profile.Links, profile.Compute, profile.HostAttention);
        Add("machine", profile.Name);
        if (profile.MeasuredOn is { } on)
        {
            Add("measured_on", $"{on.DataType}, {on.Threads} threads, {on.DiskDirectory}, version {on.Version}");
        }

        var ofGpu = compute.IsGpu ? $"GPU {Gigabytes(profile.GpuBytes)}, of which {Gigabytes(profile.ContextBytes)} the context; " : "";
        Add("memory", $"{ofGpu}host {Gigabytes(profile.HostBytes)}; disk {Gigabytes(profile.DiskBytes)} free");
        Copies(compute.IsGpu ? "host_to_gpu" : "copies_to_the_compute_tier", links.HostToGpu);
        Copies(compute.IsGpu ? "gpu_to_host" : "copies_from_it", links.GpuToHost);
        Copies("disk_read", links.DiskRead);
        Copies("disk_write", links.DiskWrite);
        if (compute.IsGpu)
        {
            Copies("disk_to_gpu", links.DiskToGpu);
            Add("kernels_over_the_link", Text($"{links.KernelToGpu / GB:0.0} GB/s to the GPU, {links.KernelToHost / GB:0.0} GB/s to the host"));
        }

        if (profile.Devices is { } group)
        {
            Add("host_memory", Text($"{group.HostRate / GB:0.0} GB/s to all that read it at once"));
            if (group.Count > 1)
            {
                var rate = group.HandOverRate > 0 ? Text($"{group.HandOverRate / GB:0.0} GB/s") : "through host memory";
                Add("gpu_to_gpu", $"{rate}; {Time(group.HandOverSeconds)} each; {group.Count} GPUs");
            }
        }

        foreach (var (format, table) in compute.Products)
        {
            foreach (var (row, seconds) in table.Rows.Zip(table.Seconds))
            {
                var cells = table.Elements.Zip(seconds, (e, s) => Text($"{e / 1e6:0.0} M {Time(s)} ({2 * row * e / s / 1e12:0.00} Tflop/s)"));
                Add($"product_{format}_{row}_rows", string.Join(", ", cells));
            }
        }

        Attention(compute.IsGpu ? "gpu_attention" : "attention", compute.DecodeAttention);
        if (compute.IsGpu)
        {
            Attention("host_attention", onHost.ByFormat);
            Add("host_attention_beside_copies", Text($"{onHost.BesideCopies:0.00} times as long"));
        }

        Add("prompt_attention", string.Join(", ", compute.PrefillAttention.Points.Select(p => Text($"{p.X} tokens {p.Y / 1e12:0.00} Tflop/s"))));
        Add("elements", Text($"{compute.ElementBytes / GB:0.0} GB/s"));
        Add("compute_beside_copies", Text($"{compute.BesideCopies:0.00} times as long"));
        if (!compute.IsGpu)
        {
            Add("compute_beside_reads", Text($"{compute.BesideReads:0.00} times as long"));
        }

        foreach (var (kind, layer) in compute.Layers.Concat(compute.PackedLayers.Select(p => KeyValuePair.Create($"{p.Key}_in_4_bits", p.Value))))
        {
            var onGpu = compute.IsGpu ? $" to issue, {Time(layer.RecordedSeconds)} recorded, {Time(layer.ManyRowsSeconds)} for many rows" : "";
            Add($"layer_of_{kind}", $"{Time(layer.IssueSeconds)}{onGpu}, {Time(layer.PromptSeconds)} for prompts");
        }

        var sweep = compute.Sweep;
        var logits = Text($"{sweep.LogitSeconds * 1e9:0.000} ns a logit");
        Add("sweep", $"{Time(sweep.FixedSeconds)}, {Time(sweep.RowSeconds)} a sequence, {logits}, {Time(sweep.CopySeconds)} a copy");
        return report;

        void Add(string key, string text) => report.Add(key, null, text);

        void Copies(string key, CopyRates rates) => Add(key, Text(
            $"{rates.Alone / GB:0.00} GB/s; {rates.BesideOther / GB:0.00} beside the other direction; {rates.BesideAttention / GB:0.00} beside attention; ")
            + $"{Time(rates.LatencySeconds)} each");

        void Attention(string key, IReadOnlyDictionary<string, AttentionRates> rates)
        {
            foreach (var (format, of) in rates)
            {
                Add($"{key}_{format}", Curve(of.Plain));
                Add($"{key}_{format}_grouped", Curve(of.Grouped));
            }
        }
    }

    private static string Curve(Curve curve) => string.Join(", ", curve.Points.Select(p => Text($"{p.X / 1e6:0} MB {Time(p.Y)} ({p.X / p.Y / GB:0.0} GB/s)")));

    private static string Gigabytes(double bytes) => Text($"{bytes / (1L << 30):0.0} GiB");

    private static string Time(double seconds) => seconds switch
    {
        >= 1 => Text($"{seconds:0.00} s"),
        >= 1e-3 => Text($"{seconds * 1e3:0.00} ms"),
        _ => Text($"{seconds * 1e6:0.0} us"),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
