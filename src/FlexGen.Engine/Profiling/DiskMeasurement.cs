using FlexGen.Engine.Memory;
using FlexGen.Interop;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Profiling;

/// <summary>What a scratch file in the disk folder is read and written with.</summary>
internal sealed class DiskMeasurement : IDisposable
{
    private const long PieceBytes = 32 << 20, LeastBytes = 64 << 20;
    private const int LatencyReads = 50;
    private readonly double window;
    private readonly Device device;
    private readonly int? gpu;
    private readonly DirectFile file;
    private readonly HostMemory reading;
    private readonly HostMemory writing;
    private readonly int pieces;

    /// <summary>Pieces that were written: what never was is not read from the disk.</summary>
    private int filled = 1;

    private DiskMeasurement(ProfileScale scale, Device device, string folder, long bytes)
    {
        (window, this.device, gpu) = (scale.WindowSeconds, device, ComputeMemory.Gpu(device));
        pieces = (int)(bytes / PieceBytes);
        file = new(folder, pieces * PieceBytes);
        (reading, writing) = (new(PieceBytes, gpu is not null), new(PieceBytes, gpu is not null));
    }

    /// <summary>For a folder; null where it has no room to measure in: then nothing can rest there.</summary>
    /// <exception cref="ScratchFileException">Scratch files cannot be made there.</exception>
    public static DiskMeasurement? Open(ProfileScale scale, Device device, string folder)
    {
        // Only a part of what is free, and where it is memory, less.
        new DirectFile(folder, 0).Dispose();
        var room = DirectFile.FreeBytes(folder) / (DirectFile.InMemory(folder) is null ? 4 : 16);
        return room < LeastBytes ? null : new(scale, device, folder, Math.Min(scale.DiskBytes, room));
    }

    /// <summary>Rates of a disk that nothing can rest on.</summary>
    public static (CopyRates Read, CopyRates Write, CopyRates ToGpu) None { get; } = (new(1, 1, 1, 0), new(1, 1, 1, 0), new(1, 1, 1, 0));

    /// <summary>Reading, writing, and reading to the compute device.</summary>
    /// <param name="attention">What has the processor's threads at work.</param>
    public (CopyRates Read, CopyRates Write, CopyRates ToGpu) Measure(HostAttentionMeasurement attention)
    {
        var wide = 2 * window;
        var written = 0;
        var alone = Traffic.Rate(wide, new Traffic(null, (_, n) => Write(written = n)));
        filled = Math.Min(pieces, written + 1);
        var together = Traffic.Rates(wide, Reading(), Writing());
        var beside = (Read: Traffic.Rates(window, Reading(), Attending())[0], Write: Traffic.Rates(window, Writing(), Attending())[0]);
        var read = new CopyRates(Traffic.Rate(wide, Reading()), together[0], beside.Read, Latency());
        var write = new CopyRates(alone, together[1], beside.Write, read.LatencySeconds);
        return (read, write, gpu is null ? read : ToGpu(read));

        Traffic Writing() => new(null, (_, n) => Write(n));

        Traffic Attending() => new(null, (_, _) => attention.Attend());
    }

    /// <summary>What was written is read, over and over.</summary>
    public Traffic Reading() => new(null, (_, n) =>
    {
        file.Read(n % filled * PieceBytes, reading.Address, PieceBytes);
        return PieceBytes;
    });

    public void Dispose()
    {
        file.Dispose();
        reading.Dispose();
        writing.Dispose();
    }

    private double Write(int n)
    {
        file.Write(n % pieces * PieceBytes, writing.Address, PieceBytes);
        return PieceBytes;
    }

    private CopyRates ToGpu(CopyRates read)
    {
        using var staging = new HostMemory(WeightsPlan.StagingOfTheDisk, pinned: true);
        using var compute = new ComputeMemory(PieceBytes * 2, device);
        var rate = Traffic.Rate(2 * window, new Traffic(gpu, (copier, n) =>
        {
            // A layer's part at once, as weights come.
            var bytes = Math.Min(2, filled) * PieceBytes;
            copier.ToCompute(compute.Address, file, n % Math.Max(1, filled - 1) * PieceBytes, bytes, staging);
            return bytes;
        }));
        return new(rate, rate * read.BesideOther / read.Alone, rate * read.BesideAttention / read.Alone, read.LatencySeconds);
    }

    private double Latency() => Timing.Typical([.. Enumerable.Range(0, LatencyReads).Select(n =>
    {
        var start = TimeProvider.System.GetTimestamp();
        file.Read(0, reading.Address, DirectFile.Alignment);
        return TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    })]);
}
