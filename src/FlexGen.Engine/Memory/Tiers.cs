using FlexGen.Engine.Tracing;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Memory;

/// <summary>What a model is placed on, and what copies between: the compute device, host memory beside it, a folder on a disk.</summary>
/// <param name="device">The compute device.</param>
/// <param name="diskFolder">Where scratch files go.</param>
/// <param name="trace">What records the copies; null: nothing does.</param>
/// <param name="meter">What counts them; null: nothing does.</param>
internal sealed class Tiers(Device device, string diskFolder, Trace? trace = null, ResourceMeter? meter = null)
{
    public Device Device => device;

    public Trace? Trace => trace;

    public bool HasGpu { get; } = ComputeMemory.Gpu(device) is not null;

    /// <summary>Host memory, pinned where there is a GPU; null for 0 bytes.</summary>
    public HostMemory? Host(long bytes) => bytes > 0 ? new(bytes, HasGpu) : null;

    /// <summary>A scratch file; null for 0 bytes.</summary>
    public DirectFile? File(long bytes) => bytes > 0 ? new(diskFolder, bytes) : null;

    /// <summary>A place in host memory, pinned where there is a GPU.</summary>
    public RestingPlace Place(long bytes) => new(bytes, HasGpu);

    /// <summary>A lane to and from the compute device; its parameters are a <see cref="Memory.Lane"/>'s.</summary>
    public Lane Lane(string name, bool waitsOnThread = false, bool tracesCopies = true) =>
        new(name, ComputeMemory.Gpu(device), trace, waitsOnThread, tracesCopies, meter);
}
