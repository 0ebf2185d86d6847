using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>Products with vectors of 256 bits, as <see cref="Avx512Product"/> has them: 8 of a weight's rows and 32 elements at once.</summary>
internal readonly unsafe struct Avx2Product : IProductKernel
{
    private const int CacheLine = 64;
    private const int Ahead = 4096;
    private const int Lanes = PackedShape.TileRows / 2;

    /// <summary>Bytes from the words of 8 elements to the next ones.</summary>
    private const int Words = PackedShape.TileRows * sizeof(uint);

    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

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
            new Span<int>(integers, rows * PackedShape.TileRows).Clear();
            for (var at = 0; at < bytes; at += 32)
            {
                var (words, count) = (at * 8, (wordBytes - (at * 8)) / Words);
                Multiply(tile + words, count, x + at, bytes, rows, integers);
                Multiply(tile + words + (Lanes * sizeof(uint)), count, x + at, bytes, rows, integers + Lanes);
            }

            Add(integers, strip.FactorsOf(group), (int*)(tile + wordBytes), rows, sums);
            Add(integers + Lanes, strip.FactorsOf(group), (int*)(tile + wordBytes) + Lanes, rows, sums + Lanes);
        }
    }

    /// <summary>The products of 32 elements of a group, or of as many as it has, with 8 rows.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(byte* words, int count, sbyte* x, int stride, int rows, int* integers)
    {
        var low = Vector256.Create((byte)15);
        var v0 = Vector256.Load(words);
        var v1 = count > 1 ? Vector256.Load(words + Words) : Vector256<byte>.Zero;
        var v2 = count > 2 ? Vector256.Load(words + (2 * Words)) : Vector256<byte>.Zero;
        var v3 = count > 3 ? Vector256.Load(words + (3 * Words)) : Vector256<byte>.Zero;
        var (l0, h0) = (v0 & low, (v0.AsUInt16() >>> 4).AsByte() & low);
        var (l1, h1) = (v1 & low, (v1.AsUInt16() >>> 4).AsByte() & low);
        var (l2, h2) = (v2 & low, (v2.AsUInt16() >>> 4).AsByte() & low);
        var (l3, h3) = (v3 & low, (v3.AsUInt16() >>> 4).AsByte() & low);
        var ones = Vector256.Create((short)1);
        for (var end = x + ((long)rows * stride); x < end; x += stride, integers += PackedShape.TileRows)
        {
            var a = Pairs(l0, x) + Pairs(h0, x + 4);
            a += Pairs(l1, x + 8);
            a += Pairs(h1, x + 12);
            a += Pairs(l2, x + 16);
            a += Pairs(h2, x + 20);
            a += Pairs(l3, x + 24);
            a += Pairs(h3, x + 28);
            (Avx2.MultiplyAddAdjacent(a, ones) + Vector256.Load(integers)).Store(integers);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs(Vector256<byte> weights, sbyte* elements) =>
        Avx2.MultiplyAddAdjacent(weights, Vector256.Create(*(float*)elements).AsSByte());

    private static void Add(int* products, float* factors, int* pairs, int rows, float* sums)
    {
        var (scale, zero) = (HostVectors.Float16(Vector256.Load(pairs) << 16), HostVectors.Float16(Vector256.Load(pairs)));
        for (var row = 0; row < rows; row++, factors += 2, products += PackedShape.TileRows, sums += PackedShape.TileRows)
        {
            var shifted = Fma.MultiplyAddNegated(zero, Vector256.Create(factors[1]), Vector256.ConvertToSingle(Vector256.Load(products)));
            Fma.MultiplyAdd(scale * Vector256.Create(factors[0]), shifted, Vector256.Load(sums)).Store(sums);
        }
    }
}
