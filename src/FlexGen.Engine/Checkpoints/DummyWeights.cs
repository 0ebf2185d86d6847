using FlexGen.Engine.Layers;
using static TorchSharp.torch;

namespace FlexGen.Engine.Checkpoints;

/// <summary>
/// Random weights for measuring. Not zeros, which a GPU multiplies faster. The same 4 MiB are repeated, shifted from weight to
/// weight: drawing hundreds of gigabytes would take longer than the measurement.
/// </summary>
internal sealed class DummyWeights : IWeightSource
{
    private const long BlockBytes = 4 << 20;
    private const double Deviation = 0.02;
    private readonly Dictionary<ScalarType, Tensor> blocks = [];
    private long shift;

    public IReadOnlyList<int> EndOfSequenceIds => [];

    public ScalarType StoredType(Model model) => ScalarType.Float16;

    public void Read(WeightSpec spec, long first, Tensor to)
    {
        using var scope = NewDisposeScope();
        if (!blocks.TryGetValue(to.dtype, out var block))
        {
            blocks.Add(to.dtype, block = Draw(to.dtype));
        }

        if (first == 0)
        {
            shift += 4096;
        }

        for (long at = 0, start = (first + shift) % block.numel(); at < to.numel(); start = 0)
        {
            var length = Math.Min(to.numel() - at, block.numel() - start);
            to.narrow(0, at, length).copy_(block.narrow(0, start, length));
            at += length;
        }
    }

    public void RequireUnchanged()
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
        return (randn([DataTypes.Format(dtype).Elements(BlockBytes)], generator: generator) * Deviation).to(dtype).DetachFromDisposeScope();
    }
}
