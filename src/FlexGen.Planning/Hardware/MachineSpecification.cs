namespace FlexGen.Planning.Hardware;

/// <summary>
/// A machine by its data sheets, from which <see cref="ToProfile"/> estimates what a measurement would give, in the shares of the sheet's figures
/// that were measured of an H100 and its host (tests/FlexGen.Benchmarks/results/nvidia-h100).
/// </summary>
/// <param name="Name">For people.</param>
/// <param name="GpuBytes">Memory of the GPU.</param>
/// <param name="GpuBandwidth">Its bytes per second.</param>
/// <param name="HalfOperations">Operations per second of dense 16-bit matrix products.</param>
/// <param name="Multiprocessors">Of the GPU.</param>
/// <param name="LinkBandwidth">Bytes per second and direction between host and GPU, as copies reach them.</param>
/// <param name="HostBytes">Memory of the host.</param>
/// <param name="HostBandwidth">Bytes per second that the processor reads from it.</param>
/// <param name="DiskBytes">Of the disk.</param>
/// <param name="DiskRead">Bytes per second.</param>
/// <param name="DiskWrite">Bytes per second.</param>
/// <param name="Sources">Of each figure.</param>
/// <param name="PeerBandwidth">Bytes per second from one such GPU to another in the host, where there is more than one; 0: through host memory.</param>
/// <param name="LinksTogether">Bytes per second of host memory that the links of several share.</param>
public sealed record MachineSpecification(
    string Name,
    double GpuBytes,
    double GpuBandwidth,
    double HalfOperations,
    int Multiprocessors,
    double LinkBandwidth,
    double HostBytes,
    double HostBandwidth,
    double DiskBytes,
    double DiskRead,
    double DiskWrite,
    IReadOnlyList<string> Sources,
    double PeerBandwidth = 0,
    double LinksTogether = DeviceGroup.MeasuredHostRate)
{
    /// <summary>Of the sheet's bandwidth, what products of few rows and attention reach with enough to do.</summary>
    private const double ReachedBandwidth = 0.8;

    /// <summary>Of the sheet's operations, what large products reach.</summary>
    private const double ReachedOperations = 0.56;

    /// <summary>Of the same, what causal attention of prompts reaches.</summary>
    private const double ReachedInAttention = 0.3;

    /// <summary>Of the processor's bandwidth, what attention over 4-bit rows reaches, being bound by arithmetic.</summary>
    private const double PackedOnHost = 0.35;

    /// <summary>Of the link and of host memory, what each has left while both are at work.</summary>
    private const double BesideEachOther = 0.9, AttentionBeside = 1.25;

    private const double KernelSeconds = 3e-6, CopyLatency = 10e-6, ContextBytes = 600 << 20;
    private static readonly double[] rows = [1, 16, 64, 128, 256, 1024, 8192];
    private static readonly double[] read = [1e5, 1e6, 1e7, 1e8, 1e9];
    private static readonly double[] elements = [1 << 22, 1 << 24, 1 << 26, 1 << 28];

    /// <summary>The machine in the figures that a cost model computes with.</summary>
    public HardwareProfile ToProfile()
    {
        var bandwidth = ReachedBandwidth * GpuBandwidth;
        var link = new CopyRates(LinkBandwidth, 0.9 * LinkBandwidth, BesideEachOther * LinkBandwidth, CopyLatency);
        var half = Products(2);
        return new(
            Name, GpuBytes, HostBytes, DiskBytes, ContextBytes,
            new(link, link, Disk(DiskRead), Disk(DiskWrite), Disk(Math.Min(DiskRead, LinkBandwidth)), 0.6 * LinkBandwidth, 0.6 * LinkBandwidth),
            new(
                IsGpu: true,
                new Dictionary<string, ProductTable> { ["float16"] = half, ["bfloat16"] = half, ["int4"] = Products(4.5 / 8) },
                new Dictionary<string, AttentionRates>
                {
                    ["float16"] = OnGpu(bandwidth),
                    ["bfloat16"] = OnGpu(bandwidth),
                    ["int4"] = OnGpu(0.85 * bandwidth),
                },
                new([new(64, ReachedInAttention * HalfOperations / 6), new(512, ReachedInAttention * HalfOperations)]),
                bandwidth,
                new Dictionary<string, LayerOverhead> { ["opt"] = new(250e-6, 28e-6, 280e-6, 250e-6), ["llama"] = new(250e-6, 28e-6, 280e-6, 250e-6) },
                new Dictionary<string, LayerOverhead> { ["opt"] = new(150e-6, 32e-6, 400e-6, 450e-6), ["llama"] = new(150e-6, 32e-6, 400e-6, 450e-6) },
                new(300e-6, 3e-6, 2 / bandwidth, 150e-6),
                BesideCopies: 1.02,
                BesideReads: 1),
            new(
                new Dictionary<string, AttentionRates>
                {
                    ["float16"] = OnHost(HostBandwidth),
                    ["bfloat16"] = OnHost(HostBandwidth),
                    ["int4"] = OnHost(PackedOnHost * HostBandwidth),
                },
                AttentionBeside,
                InTurns: 0.8),
            Sources: Sources,
            Devices: new(1, DeviceGroup.Measured.HandOverSeconds, PeerBandwidth, LinksTogether));

        ProductTable Products(double bytesOfAnElement) => new(rows, elements,
            [.. rows.Select(r => (IReadOnlyList<double>)[.. elements.Select(e => Product(r, e, bytesOfAnElement, bandwidth))])]);

        static CopyRates Disk(double rate) => new(rate, rate / 2, rate, 100e-6);

        static AttentionRates OnGpu(double rate) => new(By(rate, 15e-6), By(0.7 * rate, 15e-6));

        static AttentionRates OnHost(double rate) => new(By(rate, 60e-6), By(0.9 * rate, 60e-6));

        static Curve By(double rate, double least) =>
            new([.. read.Select(bytes => new CurvePoint(bytes, least + (bytes / rate)))]);
    }

    /// <summary>
    /// The longer of reading the weight and of its operations; 4-bit weights are unpacked for more rows than 128, which reads them, and writes and
    /// reads 16 bits of each element.
    /// </summary>
    private double Product(double rows, double elements, double bytesOfAnElement, double bandwidth)
    {
        var unpacks = bytesOfAnElement < 2 && rows > 128 ? (bytesOfAnElement + 2) * elements / bandwidth : 0;
        var reads = (unpacks > 0 ? 2 : bytesOfAnElement) * elements / bandwidth;
        var operations = 2 * rows * elements / (ReachedOperations * HalfOperations);
        return KernelSeconds + unpacks + Math.Max(reads, operations);
    }
}
