using FlexGen.Engine.Memory;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache;

/// <summary>Memory into which the used prefix of one slab of keys and one of values is brought, to attend to it.</summary>
internal sealed class CacheBuffer : IDisposable
{
    private readonly ComputeMemory memory;
    private readonly long bytes;
    private readonly bool onGpu;

    /// <param name="slab">Shape of a slab.</param>
    /// <param name="type">Its type.</param>
    /// <param name="device">Where the attention runs.</param>
    public CacheBuffer(long[] slab, ScalarType type, Device device)
    {
        (bytes, onGpu) = (DirectFile.Align(slab.Aggregate(1L, (a, b) => a * b) * DataTypes.Size(type)), ComputeMemory.Gpu(device) is not null);
        memory = new(2 * bytes, device);
        (Keys, Values) = (memory.View(0, slab, type), memory.View(bytes, slab, type));
        Release();
    }

    public Tensor Keys { get; }

    public Tensor Values { get; }

    public IntPtr KeyAddress => memory.Address;

    public IntPtr ValueAddress => memory.Address + (nint)bytes;

    /// <summary>The layer and micro-batch whose prefix it holds.</summary>
    public (int Layer, int MicroBatch)? Holds { get; private set; }

    /// <summary>The copy that fills it.</summary>
    public Transfer? Arrival { get; private set; }

    /// <summary>Happens when the compute device is done with what it held before, or with what the allocator had its memory for.</summary>
    public CudaEvent? Released { get; private set; }

    /// <summary>Says what the buffer will hold. Who asked for the copy disposes the arrival before, which a reader may still wait for.</summary>
    public void Assign(int layer, int microBatch, Transfer arrival) => (Holds, Arrival) = ((layer, microBatch), arrival);

    /// <summary>The attention in host memory that last read it.</summary>
    public Transfer? Reader { get; private set; }

    /// <summary>The compute device, or the reader in host memory, has been given all it does with it.</summary>
    public void Release(Transfer? reader = null)
    {
        (Holds, Reader) = (null, reader);
        if (onGpu)
        {
            Released ??= new();
            CudaStream.Current.Record(Released);
        }
    }

    public void Dispose()
    {
        Arrival?.Dispose();
        Released?.Dispose();
        Keys.Dispose();
        Values.Dispose();
        memory.Dispose();
    }
}
