namespace FlexGen.Planning.Hardware;

/// <summary>Machines to plan for that are not here, by their data sheets: a GPU each, in a host of 208 GB with its link.</summary>
public static class KnownHardware
{
    private const double GB = 1e9, TB = 1e12, HostGB = 208 * GB;

    /// <summary>Copies reach four fifths of what a link's lanes carry: 12.7 of 15.75 GB/s on PCIe 3.0 x16, 51 to 55 of 63 on 5.0 (measured).</summary>
    private const double Gen3 = 12.7 * GB, Gen4 = 25.5 * GB, Gen5 = 52 * GB;

    private const string Link3 = "PCIe 3.0 x16: 15.75 GB/s a direction (PCI-SIG), of which copies reach 12.7";
    private const string Link4 = "PCIe 4.0 x16: 31.5 GB/s a direction (PCI-SIG), of which copies reach 25.5";
    private const string Link5 = "PCIe 5.0 x16: 63 GB/s a direction (PCI-SIG), of which copies reach 52 (tests/FlexGen.Benchmarks/results/nvidia-h100)";

    private const string NvLink4 = "several: NVLink, of whose 450 GB/s a direction copies reach 393; 128 GB/s of host memory (both measured of two)";

    private static readonly Dictionary<string, MachineSpecification> machines = new(StringComparer.Ordinal)
    {
        ["t4"] = new(
            "NVIDIA T4 in a host of 208 GB", 16 * GB, 0.32 * TB, 65 * TB, 40, Gen3, HostGB, 60 * GB, 1.5 * TB, 2 * GB, 1 * GB,
            ["NVIDIA T4 data sheet (2019): 16 GB, 320 GB/s, 65 TFLOP/s in 16 bits, 40 multiprocessors", Link3,
             "host: 208 GB (FlexGen, ICML 2023, section 6), read at 60 GB/s: an estimate, for six channels of DDR4-2666 that virtual machines share",
             "disk: 2 GB/s read, 1 GB/s written (FlexGen, ICML 2023, section 6, table 1)",
             "several: hidden states pass through host memory, whose 60 GB/s their links share"],
            LinksTogether: 60 * GB),
        ["a10g"] = Gpu("NVIDIA A10G", 24, 0.6, 70, 80, Gen4,
            "NVIDIA A10G data sheet (2021): 24 GB, 600 GB/s, 70 TFLOP/s in 16 bits (dense), 80 multiprocessors", Link4),
        ["l4"] = Gpu("NVIDIA L4", 24, 0.3, 121, 58, Gen4,
            "NVIDIA L4 data sheet (2023): 24 GB, 300 GB/s, 121 TFLOP/s in 16 bits (dense), 58 multiprocessors", Link4),
        ["rtx-4090"] = Gpu("NVIDIA GeForce RTX 4090", 24, 1.008, 165, 128, Gen4,
            "NVIDIA Ada GPU architecture (2022), appendix A: 24 GB, 1,008 GB/s, 165 TFLOP/s in 16 bits with sums in 32 (dense), 128 multiprocessors", Link4),
        ["a100"] = Gpu("NVIDIA A100 80GB", 80, 2.039, 312, 108, Gen4,
            "NVIDIA A100 data sheet (2021): 80 GB, 2,039 GB/s, 312 TFLOP/s in 16 bits (dense), 108 multiprocessors", Link4,
            "several: NVLink, 300 GB/s a direction, of which copies reach 260") with
        {
            PeerBandwidth = 260 * GB,
        },
        ["h100"] = Gpu("NVIDIA H100 SXM 80GB", 80, 3.35, 989, 132, Gen5,
            "NVIDIA H100 data sheet (2023): 80 GB, 3.35 TB/s, 989 TFLOP/s in 16 bits (dense), 132 multiprocessors", Link5, NvLink4) with
        {
            PeerBandwidth = 393 * GB,
        },
        ["h200"] = Gpu("NVIDIA H200 SXM", 141, 4.8, 989, 132, Gen5,
            "NVIDIA H200 data sheet (2024): 141 GB, 4.8 TB/s, 989 TFLOP/s in 16 bits (dense), 132 multiprocessors", Link5, NvLink4) with
        {
            PeerBandwidth = 393 * GB,
        },
    };

    /// <summary>Their names, such as t4.</summary>
    public static IReadOnlyCollection<string> Names => machines.Keys;

    /// <summary>A machine of a name; null: it is not known.</summary>
    public static MachineSpecification? Find(string name) => machines.GetValueOrDefault(name);

    private static MachineSpecification Gpu(
        string name, double gigabytes, double terabytes, double teraops, int multiprocessors, double link, params IReadOnlyList<string> sources) =>
        new($"{name} in a host of 208 GB", gigabytes * GB, terabytes * TB, teraops * TB, multiprocessors, link, HostGB, 80 * GB, 1.5 * TB, 3 * GB, 1.5 * GB,
            [.. sources, "host: 80 GB/s, as 16 cores of a server read (tests/FlexGen.Benchmarks/results/nvidia-h100); disk: 3 GB/s read, 1.5 GB/s "
                + "written, an NVMe drive"]);
}
