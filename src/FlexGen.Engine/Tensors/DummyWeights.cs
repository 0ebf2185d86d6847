using FlexGen.Engine.Models;
using FlexGen.Engine.Movement;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tensors;

/// <summary>
/// Random weights for measuring. Not zeros, which a GPU multiplies faster. The same 4 MiB are repeated, shifted from weight to
/// weight: drawing hundreds of gigabytes would take longer than the measurement.
/// </summary>
internal sealed unsafe class DummyWeights : IWeightSource
{
    private const long BlockBytes = 4 << 20;
    private const double Deviation = 0.02;
    private readonly Dictionary<ScalarType, Tensor> blocks = [];
    private long shift;

    public IReadOnlyList<int> EndOfSequenceIds => [];

    public ScalarType StoredType(Model model) => ScalarType.Float16;

    public Tensor Load(WeightSpec spec, ScalarType dtype, Device device)
    {
        var weight = empty([.. spec.Shape], dtype);
        var (to, bytes) = (weight.Address(), weight.ByteCount());
        if (!blocks.TryGetValue(dtype, out var block))
        {
            blocks.Add(dtype, block = Draw(dtype));
        }

        for (long at = 0, start = shift; at < bytes; start = 0)
        {
            var length = Math.Min(bytes - at, BlockBytes - start);
            Copier.OnHost.ToHost(to + (nint)at, block.Address() + (nint)start, length);
            at += length;
        }

        shift = (shift + 4096) % BlockBytes;
        if (device.type == TorchSharp.DeviceType.CPU)
        {
            return weight;
        }

        using (weight)
        {
            return weight.to(device);
        }
    }

    public void Forget(WeightSpec spec)
    {
    }

    public void Dispose()
    {
        foreach (var block in blocks.Values)
        {
            block.Dispose();
        }
    }

    private static Tensor Draw(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        return (randn([BlockBytes / DataTypes.Size(dtype)], generator: generator) * Deviation).to(dtype).DetachFromDisposeScope();
    }
}
