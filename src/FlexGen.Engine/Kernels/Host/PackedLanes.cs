using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// The order in which a head's query, or its sum, meets the words of a row: blocks of 9 vectors of as many lanes as words are read at once. The
/// first 8 have the elements that a shift by 4, 8 ... 28 bits brings into place; the ninth, of a query, their sum in each lane, which the zero is
/// multiplied with, and of a sum what the zeros come to.
/// </summary>
internal static unsafe class PackedLanes
{
    /// <summary>Vectors of a block.</summary>
    public const int Vectors = Shifts + 1;

    private const int Shifts = 8;
    private const int CacheLine = 64;
    private const int Narrow = 8;
    private const int Bits = 4;

    /// <summary>Floats of a head.</summary>
    /// <param name="headDim">Elements of a head.</param>
    /// <param name="width">Words that are read at once: 8 of one group, or 16 of two groups of 8.</param>
    public static int Count(int headDim, int width)
    {
        var (words, groups) = (CacheRows.Group(headDim) / PackedShape.WordElements, CacheRows.Groups(headDim));
        return (width > Narrow ? groups / 2 : groups * ((words + width - 1) / width)) * Vectors * width;
    }

    /// <summary>Rotates a query, as the keys are, which changes none of their products, and puts it into order.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Prepare(float* query, float scale, int headDim, float* lanes, int width)
    {
        var padded = CacheRows.Groups(headDim) * CacheRows.Group(headDim);
        var head = stackalloc float[padded];
        for (var n = 0; n < headDim; n++)
        {
            head[n] = query[n] * scale;
        }

        CacheRows.Rotate(head, 1, headDim);
        new Span<float>(head + headDim, padded - headDim).Clear();
        new Span<float>(lanes, Count(headDim, width)).Clear();
        for (var word = 0; word < padded / PackedShape.WordElements; word++, head += PackedShape.WordElements)
        {
            var lane = lanes + Lane(word, headDim, width);
            var sum = 0f;
            for (var n = 0; n < PackedShape.WordElements; n++)
            {
                lane[PackedShape.Shifts[n] / Bits * width] = head[n];
                sum += head[n];
            }

            lane[Shifts * width] = sum;
        }
    }

    /// <summary>A sum in the elements' order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(float* lanes, int headDim, float* sum, int width)
    {
        for (var word = 0; word * PackedShape.WordElements < headDim; word++, sum += PackedShape.WordElements)
        {
            var lane = lanes + Lane(word, headDim, width);
            for (var n = 0; n < Math.Min(PackedShape.WordElements, headDim - (word * PackedShape.WordElements)); n++)
            {
                sum[n] = lane[PackedShape.Shifts[n] / Bits * width] - lane[Shifts * width];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* rows, long stride, int head, SlabLayout layout, int tokens)
    {
        var (bytes, pairsAt) = (CacheRows.Groups(layout.HeadDim) * CacheRows.Group(layout.HeadDim) / 2, PairsAt(head, layout));
        for (var t = 0; Sse.IsSupported && t < tokens; t++, rows += stride)
        {
            for (var n = 0; n < bytes; n += CacheLine)
            {
                Sse.Prefetch0(rows + (head * bytes) + n);
            }

            Sse.Prefetch0(rows + pairsAt);
        }
    }

    /// <summary>Where in a row a head's pairs of scale and zero begin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PairsAt(int head, SlabLayout layout)
    {
        var groups = CacheRows.Groups(layout.HeadDim);
        return (layout.KvHeads * groups * CacheRows.Group(layout.HeadDim) / 2) + (head * groups * sizeof(int));
    }

    /// <summary>Where a word's elements lie, the first shift's.</summary>
    private static int Lane(int word, int headDim, int width)
    {
        var words = CacheRows.Group(headDim) / PackedShape.WordElements;
        var block = width > Narrow ? word / width : (word / words * ((words + width - 1) / width)) + (word % words / width);
        return (block * Vectors * width) + ((width > Narrow ? word : word % words) % width);
    }
}
