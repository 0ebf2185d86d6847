using FlexGen.Engine.Quantization;
using FlexGen.Engine.Tensors;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Host;

internal static unsafe class HostProduct
{
    public static Tensor[] Forward(Tensor x, ReadOnlySpan<(PackedWeight Weight, Tensor? Bias)> weights)
    {
        var results = new Tensor[weights.Length];
        for (var n = 0; n < weights.Length; n++)
        {
            var (w, bias) = weights[n];
            using var dense = Dense(w);
            using var xd = x.to(ScalarType.Float64);
            var y = xd.matmul(dense.t()).to(x.dtype);
            results[n] = bias is null ? y : y.add_(bias);
        }

        return results;
    }

    private static Tensor Dense(PackedWeight w)
    {
        var s = w.Shape;
        var values = new double[s.Rows * s.Columns];
        for (var r = 0L; r < s.Rows; r++)
        {
            for (var c = 0L; c < s.Columns; c++)
            {
                var block = (byte*)w.Address + (r / 16 * s.TileBytes) + (c / s.Group * s.BlockBytes);
                var k = (int)(c % s.Group);
                var word = ((uint*)block)[(k / 8 * 16) + (r % 16)];
                var q = (word >> PackedShape.Shifts[k % 8]) & 15;
                var pair = (Half*)(block + s.WordBytes) + (r % 16 * 2);
                values[(r * s.Columns) + c] = (double)pair[0] * (q - (double)pair[1]);
            }
        }

        return tensor(values).reshape(s.Rows, s.Columns);
    }
}
