using FlexGen.Engine.Layers;
using FlexGen.Engine.Quantization;
using FlexGen.Engine.Tensors;
using FlexGen.Planning.Formats;
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
    private readonly Dictionary<int, RepeatedTiles> packed = [];
    private readonly Dictionary<string, int> order = [];

    public IReadOnlyList<int> EndOfSequenceIds => [];

    public ScalarType StoredType(Model model) => ScalarType.Float16;

    public void Read(WeightSpec spec, long first, Tensor to)
    {
        using var scope = NewDisposeScope();
        if (!blocks.TryGetValue(to.dtype, out var block))
        {
            blocks.Add(to.dtype, block = Draw(to.dtype));
        }

        for (long at = 0, start = (first + (4096L * Order(spec))) % block.numel(); at < to.numel(); start = 0)
        {
            var length = Math.Min(to.numel() - at, block.numel() - start);
            to.narrow(0, at, length).copy_(block.narrow(0, start, length));
            at += length;
        }
    }

    public int? PackedGroup(WeightSpec spec) => null;

    public void ReadPacked(WeightSpec spec, PackedShape shape, long start, IntPtr to, long bytes)
    {
        if (!packed.TryGetValue(shape.Group, out var repeated))
        {
            packed.Add(shape.Group, repeated = DrawPacked(shape.Group));
        }

        repeated.Read(shape, Order(spec), start, to, bytes);
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

    /// <summary>How many weights were asked for before it.</summary>
    private int Order(WeightSpec spec)
    {
        if (!order.TryGetValue(spec.Name, out var place))
        {
            order.Add(spec.Name, place = order.Count);
        }

        return place;
    }

    private static RepeatedTiles DrawPacked(int group)
    {
        var rounded = new PackedShape(PackedShape.TileRows, BlockBytes / new PackedShape(0, 0, group).BlockBytes * group, group);
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        return new(rounded, randn([rounded.Rows, rounded.Columns], generator: generator).mul_(Deviation).Address());
    }

    private static Tensor Draw(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        return (randn([DataTypes.Format(dtype).Elements(BlockBytes)], generator: generator) * Deviation).to(dtype).DetachFromDisposeScope();
    }
}
