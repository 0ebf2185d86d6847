using CsCheck;
using FlexGen.Planning.Hardware;

namespace FlexGen.Planning.Tests.Cost;

/// <summary>Machines of all sorts, with a GPU and without.</summary>
internal static class Machines
{
    private const double GB = 1e9;

    public static Gen<HardwareProfile> WithGpu { get; } =
        from gpu in Gen.Select(Logarithmic(1, 100), Logarithmic(50, 5000), Logarithmic(1e3, 1e6), Logarithmic(1, 100))
        from host in Gen.Select(Logarithmic(1, 1000), Logarithmic(5, 500))
        from disk in Gen.Select(Logarithmic(10, 1000), Logarithmic(0.1, 20), Logarithmic(0.1, 20))
        from parts in Gen.Select(Gen.Double[0.5, 1], Gen.Double[0.5, 1], Gen.Double[1, 1.5], Gen.Double[1, 1.5], Gen.Double[0.3, 1])
        select Contended(
            new MachineSpecification(
                "any", gpu.Item1 * GB, gpu.Item2 * GB, gpu.Item3 * GB, 100, gpu.Item4 * GB, host.Item1 * GB, host.Item2 * GB, disk.Item1 * GB,
                disk.Item2 * GB, disk.Item3 * GB, []).ToProfile(),
            parts.Item1, parts.Item2, parts.Item3, parts.Item4, parts.Item5);

    public static Gen<HardwareProfile> OfAProcessor { get; } = WithGpu.Select(p => p with
    {
        GpuBytes = p.HostBytes,
        ContextBytes = 0,
        Links = p.Links with { KernelToGpu = 0, KernelToHost = 0, DiskToGpu = p.Links.DiskRead },
        Compute = p.Compute with { IsGpu = false, BesideReads = Math.Sqrt(p.Compute.BesideCopies) },
    });

    public static Gen<HardwareProfile> OfOneDevice { get; } = Gen.Bool.SelectMany(gpu => gpu ? WithGpu : OfAProcessor);

    /// <summary>With one compute device, or with two that reach each other or do not.</summary>
    public static Gen<HardwareProfile> All { get; } =
        from machine in OfOneDevice
        from count in Gen.Frequency((3, 1), (2, 2))
        from between in Gen.Select(Gen.Double[0, 1e-4], Gen.OneOf(Gen.Const(0.0), Logarithmic(1, 500).Select(r => r * GB)), Logarithmic(5, 500))
        select count == 1 ? machine : machine with { Devices = new(count, between.Item1, between.Item2, between.Item3 * GB) };

    /// <summary>The same with one compute device, where the model has a layer for one only.</summary>
    public static HardwareProfile For(FlexGen.Planning.Plans.ModelOutline model, HardwareProfile machine) =>
        machine.DeviceCount <= model.Shape.DecoderLayers ? machine : machine with { Devices = null };

    /// <summary>The same, with one of its parts so many times as fast.</summary>
    public static IEnumerable<(string What, HardwareProfile Machine)> Faster(HardwareProfile machine, double times)
    {
        var (links, compute) = (machine.Links, machine.Compute);
        yield return ("copies to the GPU", machine with { Links = links with { HostToGpu = Times(links.HostToGpu, times) } });
        yield return ("copies from the GPU", machine with { Links = links with { GpuToHost = Times(links.GpuToHost, times) } });
        yield return ("the disk", machine with
        {
            Links = links with { DiskRead = Times(links.DiskRead, times), DiskToGpu = Times(links.DiskToGpu, times), DiskWrite = Times(links.DiskWrite, times) },
        });
        yield return ("products", machine with
        {
            Compute = compute with
            {
                Products = compute.Products.ToDictionary(
                    p => p.Key, p => p.Value with { Seconds = [.. p.Value.Seconds.Select(row => (IReadOnlyList<double>)[.. row.Select(s => s / times)])] }),
            },
        });
        yield return ("attention on the compute device", machine with { Compute = compute with { DecodeAttention = Times(compute.DecodeAttention, times) } });
        yield return ("attention in host memory", machine with
        {
            HostAttention = machine.HostAttention with { ByFormat = Times(machine.HostAttention.ByFormat, times) },
        });
        yield return ("elements", machine with { Compute = compute with { ElementBytes = compute.ElementBytes * times } });
    }

    private static HardwareProfile Contended(
        HardwareProfile machine, double besideOther, double besideAttention, double attention, double compute, double inTurns)
    {
        var links = machine.Links;
        return machine with
        {
            Links = links with { HostToGpu = Beside(links.HostToGpu), GpuToHost = Beside(links.GpuToHost) },
            HostAttention = machine.HostAttention with { BesideCopies = attention, InTurns = inTurns },
            Compute = machine.Compute with { BesideCopies = compute },
        };

        CopyRates Beside(CopyRates rates) => rates with { BesideOther = besideOther * rates.Alone, BesideAttention = besideAttention * rates.Alone };
    }

    private static CopyRates Times(CopyRates rates, double times) =>
        rates with { Alone = rates.Alone * times, BesideOther = rates.BesideOther * times, BesideAttention = rates.BesideAttention * times };

    private static Dictionary<string, AttentionRates> Times(IReadOnlyDictionary<string, AttentionRates> rates, double times) =>
        rates.ToDictionary(r => r.Key, r => new AttentionRates(Times(r.Value.Plain, times), Times(r.Value.Grouped, times)));

    private static Curve Times(Curve seconds, double times) => new([.. seconds.Points.Select(p => new CurvePoint(p.X, p.Y / times))]);

    private static Gen<double> Logarithmic(double low, double high) => Gen.Double[Math.Log(low), Math.Log(high)].Select(Math.Exp);
}
