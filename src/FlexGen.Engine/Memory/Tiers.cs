using FlexGen.Engine.Tracing;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Memory;

/// <summary>What a model is placed on, and what copies between: the compute device, host memory beside it, a folder on a disk.</summary>
/// <param name="device">The compute device.</param>
/// <param name="diskFolder">Where scratch files go.</param>
/// <param name="trace">What records the copies; null: nothing does.</param>
/// <param name="meter">What counts them; null: nothing does.</param>
/// <param name="name">What tells the compute device apart where there are several; null: it is the only one.</param>
internal sealed class Tiers(Device device, string diskFolder, Trace? trace = null, ResourceMeter? meter = null, string? name = null)
{
    public Device Device => device;

    /// <summary>Whether other devices compute, too.</summary>
    public bool IsOneOfSeveral => name is not null;

    public Trace? Trace => trace;

    public bool HasGpu { get; } = ComputeMemory.Gpu(device) is not null;

    /// <summary>Makes the compute device the one that this thread's streams, events and kernels belong to.</summary>
    public void Use()
    {
        if (ComputeMemory.Gpu(device) is { } gpu)
        {
            CudaDriver.Use(gpu);
        }
    }

    /// <summary>Says of what one of several devices failed at which it was.</summary>
    public Exception Named(Exception exception) => name is null ? exception : new EngineException($"{name}: {exception.Message}", exception);

    /// <summary>Host memory, pinned where there is a GPU; null for 0 bytes.</summary>
    public HostMemory? Host(long bytes) => bytes > 0 ? new(bytes, HasGpu) : null;

    /// <summary>A scratch file; null for 0 bytes.</summary>
    public DirectFile? File(long bytes) => bytes > 0 ? new(diskFolder, bytes) : null;

    /// <summary>A place in host memory, pinned where there is a GPU.</summary>
    public RestingPlace Place(long bytes) => new(bytes, HasGpu);

    /// <summary>A lane to and from the compute device; its parameters are a <see cref="Memory.Lane"/>'s.</summary>
    public Lane Lane(string what, bool waitsOnThread = false, bool tracesCopies = true) =>
        new(name is null ? what : $"{what} {name}", ComputeMemory.Gpu(device), trace, waitsOnThread, tracesCopies, meter);
}
