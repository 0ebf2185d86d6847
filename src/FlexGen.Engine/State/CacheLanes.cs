using FlexGen.Engine.Movement;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.State;

/// <summary>What moves the KV cache: a lane for loads, one for stores, one for attention in host memory, and their staging memory.</summary>
internal sealed class CacheLanes : IDisposable
{
    private const long StagingBytes = 16 << 20;
    private readonly HostMemory? storeStaging;

    public CacheLanes(Device device, Trace? trace)
    {
        var gpu = ComputeMemory.Gpu(device);
        HasGpu = gpu is not null;
        (Loads, Stores, Attention) = (new("cache loads", gpu, trace), new("cache stores", gpu, trace), new("host attention", gpu, trace, computes: true));
        if (HasGpu)
        {
            (Staging, storeStaging) = (new(StagingBytes, pinned: true), new(StagingBytes, pinned: true));
        }
    }

    public bool HasGpu { get; }

    public Lane Loads { get; }

    public Lane Stores { get; }

    public Lane Attention { get; }

    /// <summary>Pinned memory between the disk and a GPU, for the thread of <see cref="Loads"/>.</summary>
    public HostMemory? Staging { get; }

    /// <summary>Takes rows from the compute device to their places in a slab, on the thread of <see cref="Stores"/>.</summary>
    public void Scatter(Copier copier, Tensor rows, SlabHome home, long[] places)
    {
        var from = TensorAddress.Of(rows.Handle);
        if (storeStaging is null)
        {
            home.Scatter(from, places);
            return;
        }

        var rowBytes = rows.shape[1] * rows.shape[2] * DataTypes.Size(rows.dtype);
        var step = (int)Math.Max(1, StagingBytes / rowBytes);
        for (var first = 0; first < places.Length; first += step)
        {
            var count = Math.Min(step, places.Length - first);
            copier.ToHost(storeStaging.Address, from + (nint)(first * rowBytes), count * rowBytes);
            copier.Flush();
            home.Scatter(storeStaging.Address, places.AsSpan(first, count));
        }
    }

    /// <summary>Ends the lanes; what they were asked for is done first.</summary>
    public void Dispose()
    {
        Loads.Dispose();
        Stores.Dispose();
        Attention.Dispose();
        Staging?.Dispose();
        storeStaging?.Dispose();
    }
}
