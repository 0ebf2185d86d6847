using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// Products with vectors of 512 bits: 16 of a weight's rows at once. The words of 64 elements are split once and stay in 16 registers while
/// all rows of activations pass. A sum of two products is 3,810 at most, so that 8 of them fit into 16 bits.
/// </summary>
internal readonly unsafe struct Avx512Product : IProductKernel
{
    private const int CacheLine = 64;
    private const int Ahead = 4096;

    public static bool IsSupported => Avx512BW.IsSupported;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* tile, PackedShape shape, RoundedStrip strip, float* sums)
    {
        var (groups, blockBytes, wordBytes, bytes, rows) = (shape.Groups, shape.BlockBytes, shape.WordBytes, strip.GroupBytes, strip.Rows);
        var room = stackalloc byte[(rows + 1) * CacheLine];
        var integers = (int*)(((nint)room + CacheLine - 1) & -CacheLine);
        new Span<float>(sums, rows * PackedShape.TileRows).Clear();
        for (var group = 0L; group < groups; group++, tile += blockBytes)
        {
            for (var n = 0; n < blockBytes; n += CacheLine)
            {
                Sse.Prefetch0(tile + Ahead + n);
            }

            var x = strip.ElementsOf(group);
            var factors = strip.FactorsOf(group);
            var pairs = Vector512.Load((int*)(tile + wordBytes));
            var (scale, zero) = (HostVectors.Float16(pairs << 16), HostVectors.Float16(pairs));
            if (bytes == 64 && wordBytes == 512)
            {
                Multiply64<Whole>(tile, x, bytes, rows, factors, scale, zero, sums, integers);
                continue;
            }

            if (bytes == 32)
            {
                Multiply32<Whole>(tile, wordBytes / CacheLine, x, bytes, rows, factors, scale, zero, sums, integers);
                continue;
            }

            new Span<int>(integers, rows * PackedShape.TileRows).Clear();
            for (var at = 0; at < bytes;)
            {
                var words = tile + (at * 8);
                if (wordBytes - (at * 8) >= 512)
                {
                    Multiply64<Part>(words, x + at, bytes, rows, factors, scale, zero, sums, integers);
                    at += 64;
                }
                else
                {
                    Multiply32<Part>(words, (wordBytes - (at * 8)) / CacheLine, x + at, bytes, rows, factors, scale, zero, sums, integers);
                    at += 32;
                }
            }

            for (var row = 0; row < rows; row++, factors += 2, sums += PackedShape.TileRows, integers += PackedShape.TileRows)
            {
                Add(Vector512.Load(integers), factors, scale, zero, sums);
            }

            sums -= rows * PackedShape.TileRows;
            integers -= rows * PackedShape.TileRows;
        }
    }

    /// <summary>The products of 64 elements of a group.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply64<T>(
        byte* words, sbyte* x, int stride, int rows, float* factors, Vector512<float> scale, Vector512<float> zero, float* sums, int* integers)
    {
        var low = Vector512.Create((byte)15);
        var v0 = Vector512.Load(words + 0);
        var v1 = Vector512.Load(words + 64);
        var v2 = Vector512.Load(words + 128);
        var v3 = Vector512.Load(words + 192);
        var v4 = Vector512.Load(words + 256);
        var v5 = Vector512.Load(words + 320);
        var v6 = Vector512.Load(words + 384);
        var v7 = Vector512.Load(words + 448);
        var (l0, h0) = (v0 & low, (v0.AsUInt16() >>> 4).AsByte() & low);
        var (l1, h1) = (v1 & low, (v1.AsUInt16() >>> 4).AsByte() & low);
        var (l2, h2) = (v2 & low, (v2.AsUInt16() >>> 4).AsByte() & low);
        var (l3, h3) = (v3 & low, (v3.AsUInt16() >>> 4).AsByte() & low);
        var (l4, h4) = (v4 & low, (v4.AsUInt16() >>> 4).AsByte() & low);
        var (l5, h5) = (v5 & low, (v5.AsUInt16() >>> 4).AsByte() & low);
        var (l6, h6) = (v6 & low, (v6.AsUInt16() >>> 4).AsByte() & low);
        var (l7, h7) = (v7 & low, (v7.AsUInt16() >>> 4).AsByte() & low);
        var ones = Vector512.Create((short)1);
        for (var end = x + ((long)rows * stride); x < end; x += stride)
        {
            var a = Pairs(l0, x + 0) + Pairs(h0, x + 4);
            a += Pairs(l1, x + 8);
            a += Pairs(h1, x + 12);
            a += Pairs(l2, x + 16);
            a += Pairs(h2, x + 20);
            a += Pairs(l3, x + 24);
            a += Pairs(h3, x + 28);
            var b = Pairs(l4, x + 32) + Pairs(h4, x + 36);
            b += Pairs(l5, x + 40);
            b += Pairs(h5, x + 44);
            b += Pairs(l6, x + 48);
            b += Pairs(h6, x + 52);
            b += Pairs(l7, x + 56);
            b += Pairs(h7, x + 60);
            var products = Avx512BW.MultiplyAddAdjacent(a, ones) + Avx512BW.MultiplyAddAdjacent(b, ones);
            if (typeof(T) == typeof(Whole))
            {
                Add(products, factors, scale, zero, sums);
                factors += 2;
                sums += PackedShape.TileRows;
            }
            else
            {
                (products + Vector512.Load(integers)).Store(integers);
                integers += PackedShape.TileRows;
            }
        }
    }

    /// <summary>The products of 32 elements of a group, or of as many as it has.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply32<T>(
        byte* words, int count, sbyte* x, int stride, int rows, float* factors, Vector512<float> scale, Vector512<float> zero, float* sums, int* integers)
    {
        var low = Vector512.Create((byte)15);
        var v0 = Vector512.Load(words);
        var v1 = count > 1 ? Vector512.Load(words + 64) : Vector512<byte>.Zero;
        var v2 = count > 2 ? Vector512.Load(words + 128) : Vector512<byte>.Zero;
        var v3 = count > 3 ? Vector512.Load(words + 192) : Vector512<byte>.Zero;
        var (l0, h0) = (v0 & low, (v0.AsUInt16() >>> 4).AsByte() & low);
        var (l1, h1) = (v1 & low, (v1.AsUInt16() >>> 4).AsByte() & low);
        var (l2, h2) = (v2 & low, (v2.AsUInt16() >>> 4).AsByte() & low);
        var (l3, h3) = (v3 & low, (v3.AsUInt16() >>> 4).AsByte() & low);
        var ones = Vector512.Create((short)1);
        for (var end = x + ((long)rows * stride); x < end; x += stride)
        {
            var a = Pairs(l0, x + 0) + Pairs(h0, x + 4);
            a += Pairs(l1, x + 8);
            a += Pairs(h1, x + 12);
            a += Pairs(l2, x + 16);
            a += Pairs(h2, x + 20);
            a += Pairs(l3, x + 24);
            a += Pairs(h3, x + 28);
            var products = Avx512BW.MultiplyAddAdjacent(a, ones);
            if (typeof(T) == typeof(Whole))
            {
                Add(products, factors, scale, zero, sums);
                factors += 2;
                sums += PackedShape.TileRows;
            }
            else
            {
                (products + Vector512.Load(integers)).Store(integers);
                integers += PackedShape.TileRows;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs(Vector512<byte> weights, sbyte* elements) =>
        Avx512BW.MultiplyAddAdjacent(weights, Vector512.Create(*(float*)elements).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector512<int> products, float* factors, Vector512<float> scale, Vector512<float> zero, float* sums)
    {
        var shifted = Avx512F.FusedMultiplyAddNegated(zero, Vector512.Create(factors[1]), Vector512.ConvertToSingle(products));
        Vector512.FusedMultiplyAdd(scale * Vector512.Create(factors[0]), shifted, Vector512.Load(sums)).Store(sums);
    }

    /// <summary>The products are those of a whole group.</summary>
    private readonly struct Whole;

    /// <summary>They are of a part, to be added to the others'.</summary>
    private readonly struct Part;
}
