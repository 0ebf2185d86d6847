using System.Numerics;
using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Memory;
using FlexGen.Interop;
using FlexGen.Planning.Hardware;
using static TorchSharp.torch;

namespace FlexGen.Engine.Profiling;

/// <summary>What lanes copy between host memory and the compute device, and kernels of a GPU.</summary>
internal sealed class LinkMeasurement : IDisposable
{
    private const long PieceBytes = 32 << 20, KernelBytes = 8 << 20;
    private const int Pieces = 8, Buffers = 2, CopiesAtOnce = 4, LatencyCopies = 300, LatencyRounds = 5;
    private const int ReadParts = 64;
    private readonly double window;
    private readonly Device device;
    private readonly int? gpu;
    private readonly HostMemory host;
    private readonly ComputeMemory compute;

    /// <summary>Something of what was read, so that it is read.</summary>
    private ulong read;

    /// <param name="scale">How much is measured.</param>
    /// <param name="device">The compute device.</param>
    public LinkMeasurement(ProfileScale scale, Device device)
    {
        (window, this.device, gpu) = (scale.WindowSeconds, device, ComputeMemory.Gpu(device));
        host = new(2 * Pieces * PieceBytes, pinned: gpu is not null);
        compute = new(2 * Buffers * PieceBytes, device);
        // Memory that was never written has no pages yet.
        Touch(host.Address, host.Bytes);
        if (gpu is null)
        {
            Touch(compute.Address, 2 * Buffers * PieceBytes);
        }
    }

    /// <summary>Both directions; and how many times as long attention in host memory takes beside the first.</summary>
    /// <param name="attention">That attention.</param>
    public (CopyRates ToGpu, CopyRates ToHost, double AttentionBeside) Measure(HostAttentionMeasurement attention)
    {
        var together = Traffic.Rates(window, ToGpu(), ToHost());
        var alone = Traffic.Rate(window, Attending());
        var (besideToGpu, besideToHost) = (Traffic.Rates(window, ToGpu(), Attending()), Traffic.Rates(window, ToHost(), Attending()));
        return (
            new(Traffic.Rate(window, ToGpu()), together[0], besideToGpu[0], Latency(toGpu: true)),
            new(Traffic.Rate(window, ToHost()), together[1], besideToHost[0], Latency(toGpu: false)),
            Math.Max(1, alone / besideToGpu[1]));

        Traffic Attending() => new(null, (_, _) => attention.Attend());
    }

    /// <summary>Bytes per second that a kernel reads from pinned host memory and writes there; 0 without a GPU.</summary>
    public (double ToGpu, double ToHost) MeasureKernels(Timing timing)
    {
        if (gpu is null)
        {
            return (0, 0);
        }

        using var kernel = new HostCopy();
        var toGpu = timing.OnDevice(_ => kernel.Start(host.Address, compute.Address, KernelBytes));
        var toHost = timing.OnDevice(_ => kernel.Start(compute.Address, host.Address, KernelBytes));
        return (KernelBytes / toGpu, KernelBytes / toHost);
    }

    /// <summary>Lanes copying as they do while a model streams: from the host, and on a GPU to it, too.</summary>
    public IReadOnlyList<Traffic> Busy() => gpu is null ? [ToGpu()] : [ToGpu(), ToHost()];

    public void Dispose()
    {
        host.Dispose();
        compute.Dispose();
    }

    /// <summary>All of the processor's threads reading host memory.</summary>
    public Traffic Reading() => new(null, (_, turn) => Read(turn));

    /// <summary>A lane that brings pieces from host memory.</summary>
    public Traffic ToGpu() => new(gpu, (copier, n) => Move(copier, n, toGpu: true));

    private Traffic ToHost() => new(gpu, (copier, n) => Move(copier, n, toGpu: false));

    /// <summary>A piece of traffic: some copies after one another, of other memory each time.</summary>
    private double Move(Copier copier, int turn, bool toGpu)
    {
        var copies = gpu is null ? 1 : CopiesAtOnce;
        for (var n = turn * copies; n < (turn + 1) * copies; n++)
        {
            Copy(copier, n, toGpu, PieceBytes);
        }

        return (double)copies * PieceBytes;
    }

    private void Copy(Copier copier, int turn, bool toGpu, long bytes)
    {
        var inHost = host.Address + (nint)(((toGpu ? 0 : Pieces) + (turn % Pieces)) * PieceBytes);
        var onDevice = compute.Address + (nint)(((toGpu ? 0 : Buffers) + (turn % Buffers)) * PieceBytes);
        if (toGpu)
        {
            copier.ToCompute(onDevice, inHost, bytes);
        }
        else
        {
            copier.ToHost(inHost, onDevice, bytes);
        }
    }

    /// <summary>Of a lane, from one small copy to the next.</summary>
    private double Latency(bool toGpu)
    {
        using var lane = new Tiers(device, "").Lane("latency");
        return Timing.Typical([.. Enumerable.Range(0, LatencyRounds).Select(_ => Once())]);

        double Once()
        {
            var start = TimeProvider.System.GetTimestamp();
            var transfers = Enumerable.Range(0, LatencyCopies).Select(n => lane.Start(copier => Copy(copier, n, toGpu, sizeof(int)))).ToList();
            transfers[^1].WaitOnHost();
            transfers.ForEach(t => t.Dispose());
            return TimeProvider.System.GetElapsedTime(start).TotalSeconds / LatencyCopies;
        }
    }

    /// <summary>Reads a piece, of other memory each time.</summary>
    private unsafe double Read(int turn)
    {
        var words = (ulong*)(host.Address + (nint)(turn % (2 * Pieces) * PieceBytes));
        HostThreads.Team.Run(ReadParts, part =>
        {
            const int bytes = (int)(PieceBytes / ReadParts);
            var of = new ReadOnlySpan<Vector<ulong>>(words + (part * (bytes / sizeof(ulong))), bytes / Vector<byte>.Count);
            var (a, b, c, d) = (Vector<ulong>.Zero, Vector<ulong>.Zero, Vector<ulong>.Zero, Vector<ulong>.Zero);
            for (var n = 0; n + 3 < of.Length; n += 4)
            {
                (a, b, c, d) = (a ^ of[n], b ^ of[n + 1], c ^ of[n + 2], d ^ of[n + 3]);
            }

            Volatile.Write(ref read, (a ^ b ^ c ^ d)[0]);
        });
        return PieceBytes;
    }

    private static unsafe void Touch(IntPtr address, long bytes) => new Span<byte>((void*)address, checked((int)bytes)).Fill(1);
}
