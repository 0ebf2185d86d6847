using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine.Memory;

/// <summary>A stretch of the compute device's memory, allocated once, that tensors are laid over.</summary>
internal sealed class ComputeMemory : IDisposable
{
    private static long allocated;
    private readonly HostMemory? host;
    private readonly Tensor? device;
    private readonly int? gpu;
    private long bytes;

    public ComputeMemory(long bytes, Device device)
    {
        gpu = Gpu(device);
        if (gpu is null)
        {
            host = new(bytes, pinned: false);
            Address = host.Address;
        }
        else
        {
            this.device = empty([Math.Max(bytes, 1)], ScalarType.Byte, device).DetachFromDisposeScope();
            Address = this.device.Address();
        }

        this.bytes = bytes;
        Interlocked.Add(ref allocated, bytes);
    }

    /// <summary>Bytes that are allocated so now in this process; without a GPU they count as host memory, too.</summary>
    public static long AllocatedBytes => Interlocked.Read(ref allocated);

    public IntPtr Address { get; }

    /// <summary>The GPU's index; null for a CPU.</summary>
    public static int? Gpu(Device device) => device.type == DeviceType.CPU ? null : device.index;

    /// <summary>A tensor over part of it, in no dispose scope.</summary>
    public Tensor View(long offset, ReadOnlySpan<long> shape, ScalarType type) =>
        Tensor.UnsafeCreateTensor(TensorFromMemory.Create(Address + (nint)offset, shape, (int)type, gpu)).DetachFromDisposeScope();

    public void Dispose()
    {
        Interlocked.Add(ref allocated, -Interlocked.Exchange(ref bytes, 0));
        host?.Dispose();
        device?.Dispose();
    }
}
