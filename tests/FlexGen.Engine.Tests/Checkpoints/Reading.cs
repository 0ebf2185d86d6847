using FlexGen.Engine.Checkpoints;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Tests.Checkpoints;

/// <summary>Reads a weight's packed form.</summary>
internal static class Reading
{
    public static byte[] Packed(IWeightSource source, WeightSpec spec, PackedShape shape) => Packed(source, spec, shape, [0, shape.Bytes]);

    /// <summary>In pieces that end anywhere.</summary>
    public static byte[] PackedInPieces(IWeightSource source, WeightSpec spec, PackedShape shape)
    {
        var random = new Random(3);
        var cuts = new List<long> { 0 };
        while (cuts[^1] < shape.Bytes)
        {
            cuts.Add(Math.Min(shape.Bytes, cuts[^1] + 1 + random.NextInt64(Math.Max(700, shape.Bytes / 20))));
        }

        return Packed(source, spec, shape, cuts);
    }

    private static unsafe byte[] Packed(IWeightSource source, WeightSpec spec, PackedShape shape, List<long> cuts)
    {
        var packed = new byte[shape.Bytes];
        fixed (byte* to = packed)
        {
            for (var n = 1; n < cuts.Count; n++)
            {
                source.ReadPacked(spec, shape, cuts[n - 1], (IntPtr)(to + cuts[n - 1]), cuts[n] - cuts[n - 1]);
            }
        }

        return packed;
    }
}
