using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>Products of one number at a time, on any processor.</summary>
internal readonly unsafe struct PortableProduct : IProductKernel
{
    public static bool IsSupported => true;

    public static void Multiply(byte* tile, PackedShape shape, RoundedStrip strip, float* sums)
    {
        new Span<float>(sums, strip.Rows * PackedShape.TileRows).Clear();
        for (var group = 0L; group < shape.Groups; group++, tile += shape.BlockBytes)
        {
            var elements = strip.ElementsOf(group);
            var factors = strip.FactorsOf(group);
            var scales = (Half*)(tile + shape.WordBytes);
            for (var n = 0; n < strip.Rows * PackedShape.TileRows; n++)
            {
                var (row, output) = (n / PackedShape.TileRows, n % PackedShape.TileRows);
                var products = Products((uint*)tile + output, shape.Group / PackedShape.WordElements, elements + (row * strip.GroupBytes));
                var (scale, zero) = ((float)scales[2 * output], (float)scales[(2 * output) + 1]);
                var shifted = MathF.FusedMultiplyAdd(-zero, factors[(2 * row) + 1], products);
                sums[n] = MathF.FusedMultiplyAdd(scale * factors[2 * row], shifted, sums[n]);
            }
        }
    }

    private static int Products(uint* words, int count, sbyte* elements)
    {
        var sum = 0;
        for (var n = 0; n < count; n++, words += PackedShape.TileRows, elements += PackedShape.WordElements)
        {
            for (var k = 0; k < sizeof(uint); k++)
            {
                var two = (int)(*words >> (8 * k));
                sum += ((two & 15) * elements[k]) + (((two >> 4) & 15) * elements[k + sizeof(uint)]);
            }
        }

        return sum;
    }
}
