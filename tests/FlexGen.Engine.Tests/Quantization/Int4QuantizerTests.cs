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
    [InlineData(11, 1280, 128, 1)]
    public void Each_number_is_the_nearest_of_its_group_and_what_is_missing_is_zero(int rows, int columns, int group, double deviation)
    {
        var numbers = Normal(rows * columns, deviation);
        var shape = new PackedShape(rows, columns, group);
        var packed = Pack(numbers, shape);
        for (var row = 0; row < 16; row++)
        {
            for (var column = 0; column < shape.Groups * group; column++)
            {
                var (scale, zero, q) = PackedNumbers.At(packed, shape, row, column);
                if (row >= rows || column >= columns)
                {
                    Assert.True(q == 0 && (row < rows || (scale, zero) == (0, 0)));
                    continue;
                }

                var exact = Math.Clamp((numbers[(row * columns) + column] / (double)scale) + zero, 0, 15);
                Assert.Equal(exact, q, 0.5001);
            }
        }
    }

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(128)]
    public void Less_is_lost_than_by_rounding_between_the_least_and_the_most(int group)
    {
        const int Columns = 1024;
        var numbers = Normal(16 * Columns, 0.02);
        var shape = new PackedShape(16, Columns, group);
        var unpacked = PackedNumbers.Unpack(Pack(numbers, shape), shape);
        var (lost, plainly) = (0.0, 0.0);
        for (var first = 0; first < numbers.Length; first += group)
        {
            var x = numbers[first..(first + group)];
            var scale = (double)(Half)((x.Append(0).Max() - x.Append(0).Min()) / 15);
            var zero = (double)(Half)(-x.Append(0).Min() / scale);
            for (var k = 0; k < group; k++)
            {
                lost += Math.Pow(unpacked[first / Columns, (first % Columns) + k] - x[k], 2);
                plainly += Math.Pow((scale * (Math.Clamp(Math.Round((x[k] / scale) + zero), 0, 15) - zero)) - x[k], 2);
            }
        }

        Assert.InRange(Math.Sqrt(lost / plainly), 0.9, 0.965);
    }

    [Theory]
    [InlineData(64, 0)]
    [InlineData(64, 8)]
    [InlineData(32, 15)]
    [InlineData(128, 4.5)]
    public void Numbers_that_were_in_4_bits_become_the_same_4_bits(int group, double zero)
    {
        var shape = new PackedShape(16, 2 * group, group);
        var (random, scale) = (new Random(group), (double)(Half)0.0123);
        var q = Enumerable.Range(0, 16 * 2 * group).Select(k => k % group is 0 or 1 ? 15 * (k % group) : random.Next(16)).ToArray();
        var packed = Pack([.. q.Select(number => (float)(scale * (number - zero)))], shape);
        for (var n = 0; n < q.Length; n++)
        {
            Assert.Equal(((float)scale, (float)zero, q[n]), PackedNumbers.At(packed, shape, n / shape.Columns, n % shape.Columns));
        }
    }

    [Fact]
    public void Groups_far_from_zero_of_zeros_and_of_one_number_are_kept()
    {
        float[] numbers =
        [
            .. Enumerable.Range(1, 8).Select(n => (float)n), .. Enumerable.Range(1, 8).Select(n => -100f - n), .. new float[8], .. Enumerable.Repeat(0.3f, 8),
            .. Enumerable.Repeat(-1e-4f, 8), .. Enumerable.Range(1, 8).Select(n => -2f - (1e-4f * n)), .. Enumerable.Range(1, 8).Select(n => 5f + (1e-3f * n)),
        ];
        var shape = new PackedShape(1, numbers.Length, 8);
        var unpacked = PackedNumbers.Unpack(Pack(numbers, shape), shape);
        for (var n = 0; n < numbers.Length; n++)
        {
            var group = numbers[(n / 8 * 8)..((n / 8 * 8) + 8)];
            Assert.Equal(numbers[n], unpacked[0, n], ((group.Max() - group.Min()) / 28) + (group.Max(Math.Abs) / 1500));
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

    private static float[] Normal(int count, double deviation)
    {
        var random = new Random(count);
        return
        [
            .. Enumerable.Range(0, count).Select(_ =>
                (float)(deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))),
        ];
    }
}
