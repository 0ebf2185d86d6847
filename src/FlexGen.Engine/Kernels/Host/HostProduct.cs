using System.Runtime.CompilerServices;
using FlexGen.Engine.Quantization;
using FlexGen.Interop;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// Products of activations with 4-bit weights in host memory. The activations are rounded to 8 bits, so that products are of integers. What a row
/// gives depends on the row and on the weight alone: not on other rows, nor on how many threads or which instructions there are.
/// </summary>
internal static unsafe class HostProduct
{
    private const long WorthAThread = 1 << 18;
    private const long PartsOfACore = 2;
    private const long LeastBytes = 64 << 10;
    private const int CacheLine = 64;

    private readonly record struct Item(int Weight, long FirstTile, long EndTile);

    private readonly record struct Target(IntPtr Tiles, PackedShape Shape, IntPtr Bias, IntPtr Output);

    /// <summary>x W^T + b for several weights, which share the rounding of x and one start of the threads.</summary>
    /// <param name="x">[rows, in], float32 or bfloat16, contiguous, in host memory.</param>
    /// <param name="weights">[out, in] each, in host memory; a bias has x's type.</param>
    /// <returns>[rows, out] of x's type for each weight. A row of x with NaN or infinity gives no finite number, and no other row suffers from it.</returns>
    public static Tensor[] Forward(Tensor x, ReadOnlySpan<(PackedWeight Weight, Tensor? Bias)> weights) =>
        VnniProduct.IsSupported ? Forward<VnniProduct>(x, weights)
        : Avx512Product.IsSupported ? Forward<Avx512Product>(x, weights)
        : Avx2Product.IsSupported ? Forward<Avx2Product>(x, weights)
        : Forward<PortableProduct>(x, weights);

    /// <summary>The same by the instructions that are named.</summary>
    public static Tensor[] Forward<TKernel>(Tensor x, ReadOnlySpan<(PackedWeight Weight, Tensor? Bias)> weights)
        where TKernel : struct, IProductKernel
    {
        var rows = (int)x.size(0);
        var (outputs, targets) = (new Tensor[weights.Length], new Target[weights.Length]);
        for (var n = 0; n < weights.Length; n++)
        {
            var (weight, bias) = weights[n];
            outputs[n] = empty(rows, weight.Shape.Rows, x.dtype);
            targets[n] = new(weight.Address, weight.Shape, bias is null ? 0 : TensorAddress.Of(bias.Handle), TensorAddress.Of(outputs[n].Handle));
        }

        for (int first = 0, end; rows > 0 && first < targets.Length; first = end)
        {
            for (end = first + 1; end < targets.Length && targets[end].Shape.Group == targets[first].Shape.Group; end++)
            {
            }

            var address = TensorAddress.Of(x.Handle);
            if (x.dtype == ScalarType.Float32)
            {
                Multiply<TKernel, float>(address, rows, targets[first..end]);
            }
            else
            {
                Multiply<TKernel, ushort>(address, rows, targets[first..end]);
            }
        }

        foreach (var (_, bias) in weights)
        {
            GC.KeepAlive(bias);
        }

        GC.KeepAlive(x);
        return outputs;
    }

    /// <summary>Multiplies with weights of one size of groups, as many rows at once as there may be rounded ones.</summary>
    private static void Multiply<TKernel, T>(IntPtr x, int rows, Target[] targets)
        where TKernel : struct, IProductKernel
        where T : unmanaged
    {
        var shape = targets[0].Shape;
        var most = (int)Math.Max(1, WorkspacePlan.RoundedBytes / RoundedRows.RowBytes(shape) / RoundedStrip.MostRows) * RoundedStrip.MostRows;
        for (int first = 0, count; first < rows; first += count)
        {
            count = Math.Min(most, rows - first);
            var rounded = RoundedRows.Of(shape, count);
            var (from, begin) = ((IntPtr)((T*)x + (first * shape.Columns)), first);
            HostThreads.Run(count * shape.Columns >= WorthAThread, count, row => rounded.Round(row, (T*)from + (row * shape.Columns)));
            var items = Items(targets);
            var work = items.Sum(i => (i.EndTile - i.FirstTile) * PackedShape.TileRows * shape.Columns * count);
            HostThreads.Run(work >= WorthAThread, items.Length * rounded.Strips, n =>
            {
                var item = items[n % items.Length];
                Multiply<TKernel, T>(targets[item.Weight], item, rounded.Strip(n / items.Length), begin + (n / items.Length * RoundedStrip.MostRows));
            });
        }
    }

    /// <summary>The products of some tiles with one strip of rows.</summary>
    [SkipLocalsInit]
    private static void Multiply<TKernel, T>(Target target, Item item, RoundedStrip strip, int firstRow)
        where TKernel : struct, IProductKernel
        where T : unmanaged
    {
        var room = stackalloc byte[((2 * strip.Rows) + 1) * CacheLine];
        var sums = (float*)(((nint)room + CacheLine - 1) & -CacheLine);
        var shape = target.Shape;
        for (var tile = item.FirstTile; tile < item.EndTile; tile++)
        {
            TKernel.Multiply((byte*)target.Tiles + (tile * shape.TileBytes), shape, strip, sums);
            var column = tile * PackedShape.TileRows;
            var bias = target.Bias == 0 ? null : (T*)target.Bias + column;
            var output = (T*)target.Output + (firstRow * shape.Rows) + column;
            ProductRows.Write(sums, strip.Rows, bias, output, shape.Rows, (int)Math.Min(PackedShape.TileRows, shape.Rows - column));
        }
    }

    /// <summary>
    /// Tiles that are computed one after another: of what is left a part for each core, since cores are not equally fast. To begin elsewhere costs a
    /// while, and so does a core that is the last to end.
    /// </summary>
    private static Item[] Items(Target[] targets)
    {
        var (items, left) = (new List<Item>(), targets.Sum(t => t.Shape.Tiles));
        for (var n = 0; n < targets.Length; n++)
        {
            var shape = targets[n].Shape;
            for (long tile = 0, end; tile < shape.Tiles; tile = end)
            {
                end = Math.Min(shape.Tiles, tile + Math.Max(left / (PartsOfACore * Environment.ProcessorCount), Math.Max(1, LeastBytes / shape.TileBytes)));
                items.Add(new(n, tile, end));
                left -= end - tile;
            }
        }

        return [.. items];
    }
}
