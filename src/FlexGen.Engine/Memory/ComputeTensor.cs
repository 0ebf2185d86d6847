using static TorchSharp.torch;

namespace FlexGen.Engine.Memory;

/// <summary>A tensor in compute memory of its own.</summary>
internal sealed class ComputeTensor : IDisposable
{
    private readonly ComputeMemory memory;

    /// <param name="bytes">How many it has.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="type">Its type.</param>
    /// <param name="device">The compute device.</param>
    public ComputeTensor(long bytes, IReadOnlyList<long> shape, ScalarType type, Device device)
    {
        memory = new(bytes, device);
        Tensor = memory.View(0, [.. shape], type);
    }

    /// <summary>In no dispose scope; not the caller's to free.</summary>
    public Tensor Tensor { get; }

    public void Dispose()
    {
        Tensor.Dispose();
        memory.Dispose();
    }
}
