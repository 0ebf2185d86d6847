using FlexGen.Engine.Quantization;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Tests.Quantization;

public class Int4QuantizerTests
{
    [Theory]
    [InlineData(16, 256, 64, 0.02)]
    [InlineData(5, 100, 32, 1)]
    [InlineData(16, 131, 64, 1e-5)]
    [InlineData(1, 7, 8, 300)]
    [InlineData(16, 24, 24, 0.5)]
    [InlineData(11, 128, 128, 1)]
    public void Numbers_are_rounded_by_the_formula_and_what_is_missing_is_zero(int rows, int columns, int group, double deviation)
    {
        var random = new Random(rows * columns);
        var numbers = Enumerable.Range(0, rows * columns).Select(_ => (float)(deviation * Normal(random))).ToArray();
        var shape = new PackedShape(rows, columns, group);
        var packed = Pack(numbers, shape);
        for (var row = 0; row < 16; row++)
        {
            for (var first = 0; first < shape.Groups * group; first += group)
            {
                var x = row < rows ? numbers[((row * columns) + first)..((row * columns) + Math.Min(columns, first + group))] : [];
                var (low, high) = (x.Append(0).Min(), x.Append(0).Max());
                var scale = (float)(Half)((high - low) / 15);
                var zero = scale == 0 ? 0 : (float)(Half)(-low / scale);
                for (var k = 0; k < group; k++)
                {
                    var q = k < x.Length && scale > 0 ? (int)Math.Clamp(MathF.Round((x[k] / scale) + zero), 0, 15) : 0;
                    Assert.Equal((scale, zero, q), PackedNumbers.At(packed, shape, row, first + k));
                }
            }
        }
    }

    [Fact]
    public void Groups_of_one_sign_of_zeros_and_of_one_number_keep_their_zero()
    {
        float[] numbers = [.. Enumerable.Range(1, 8).Select(n => (float)n), .. Enumerable.Range(1, 8).Select(n => -10f - n), .. new float[8], .. Enumerable.Repeat(0.3f, 8)];
        var shape = new PackedShape(1, 32, 8);
        var unpacked = PackedNumbers.Unpack(Pack(numbers, shape), shape);
        for (var n = 0; n < numbers.Length; n++)
        {
            var most = numbers[(n / 8 * 8)..((n / 8 * 8) + 8)].Max(Math.Abs);
            Assert.Equal(numbers[n], unpacked[0, n], most / 15);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(3e38f)]
    public unsafe void What_cannot_be_represented_is_said(float wrong)
    {
        var shape = new PackedShape(16, 100, 64);
        foreach (var at in (int[])[0, 63, 64, 99, 1599])
        {
            var numbers = new float[1600];
            numbers[at] = wrong;
            var tile = new byte[shape.TileBytes];
            fixed (float* from = numbers)
            {
                fixed (byte* to = tile)
                {
                    Assert.False(Int4Quantizer.Pack(from, 16, shape, to));
                    from[at] = 0;
                    Assert.True(Int4Quantizer.Pack(from, 16, shape, to));
                }
            }
        }
    }

    internal static unsafe byte[] Pack(float[] numbers, PackedShape shape)
    {
        var packed = new byte[shape.Bytes];
        Array.Fill(packed, (byte)0xA5);
        fixed (float* from = numbers)
        {
            fixed (byte* to = packed)
            {
                for (var tile = 0; tile < shape.Tiles; tile++)
                {
                    var rows = (int)Math.Min(16, shape.Rows - (16 * tile));
                    Assert.True(Int4Quantizer.Pack(from + (16 * tile * shape.Columns), rows, shape, to + (tile * shape.TileBytes)));
                }
            }
        }

        return packed;
    }

    internal static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
