using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine.Memory;

/// <summary>A stretch of the compute device's memory, allocated once, that tensors are laid over.</summary>
internal sealed class ComputeMemory : IDisposable
{
    private readonly HostMemory? host;
    private readonly Tensor? device;
    private readonly int? gpu;

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
    }

    public IntPtr Address { get; }

    /// <summary>The GPU's index; null for a CPU.</summary>
    public static int? Gpu(Device device) => device.type == DeviceType.CPU ? null : device.index;

    /// <summary>A tensor over part of it, in no dispose scope.</summary>
    public Tensor View(long offset, ReadOnlySpan<long> shape, ScalarType type) =>
        Tensor.UnsafeCreateTensor(TensorFromMemory.Create(Address + (nint)offset, shape, (int)type, gpu)).DetachFromDisposeScope();

    public void Dispose()
    {
        host?.Dispose();
        device?.Dispose();
    }
}
