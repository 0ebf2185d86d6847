using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using static FlexGen.Engine.Kernels.Host.HostVectors;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>Rows of [kvHeads, headDim] numbers of type T: float, Half, or ushort for bfloat16; some tokens at a time, in the order in which they lie.</summary>
internal readonly unsafe struct PlainSlab<T> : ISlabKind
    where T : unmanaged
{
    private const int CacheLine = 64;

    public static long RowBytes(SlabLayout layout) => (long)layout.KvHeads * layout.HeadDim * sizeof(T);

    public static int Lanes(int headDim) => headDim;

    public static void Finish(float* lanes, int headDim, float* output) => new Span<float>(lanes, headDim).CopyTo(new(output, headDim));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute(
        float* query, byte* keys, byte* values, float* partial, SlabLayout layout, int firstHead, int kvHeads, int length, float scale)
    {
        var (group, headDim, stride) = (layout.Group, layout.HeadDim, layout.Slots * (long)layout.KvHeads * layout.HeadDim);
        var (heads, row, rows) = (kvHeads * group, HostChunk.Row(headDim), HostChunk.Rows(length));
        var rented = ArrayPool<float>.Shared.Rent(heads * (rows + headDim));
        fixed (float* scores = rented)
        {
            var prepared = scores + (heads * rows);
            for (var n = 0; n < heads * headDim; n++)
            {
                prepared[n] = query[n] * scale * Unscale<T>();
            }

            for (var t = 0; t < length; t += Together)
            {
                var together = Math.Min(Together, length - t);
                var key = (T*)keys + (t * stride) + (firstHead * headDim);
                for (var h = 0; h < kvHeads; h++, key += headDim)
                {
                    Prefetch(key + (Together * stride), stride, headDim, Math.Min(Together, length - t - Together));
                    for (var g = h * group; g < (h + 1) * group; g++)
                    {
                        Dot(prepared + (g * headDim), key, stride, headDim, scores + (g * rows) + t, together);
                    }
                }
            }

            for (var h = 0; h < heads; h++)
            {
                new Span<float>(scores + (h * rows) + length, rows - length).Fill(float.NegativeInfinity);
                (partial[(h * row) + headDim], partial[(h * row) + headDim + 1]) = HostChunk.Weigh(scores + (h * rows), rows, Unscale<T>());
                new Span<float>(partial + (h * row), headDim).Clear();
            }

            for (var t = 0; t < length; t += Together)
            {
                var together = Math.Min(Together, length - t);
                var value = (T*)values + (t * stride) + (firstHead * headDim);
                for (var h = 0; h < kvHeads; h++, value += headDim)
                {
                    Prefetch(value + (Together * stride), stride, headDim, Math.Min(Together, length - t - Together));
                    for (var g = h * group; g < (h + 1) * group; g++)
                    {
                        AddScaled(partial + (g * row), value, stride, headDim, scores + (g * rows) + t, together);
                    }
                }
            }
        }

        ArrayPool<float>.Shared.Return(rented);
    }

    /// <summary>Asks for one head of some rows: they lie on other pages than those before, so the processor does not read ahead by itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(T* from, long stride, int headDim, int tokens)
    {
        for (var t = 0; Sse.IsSupported && t < tokens; t++, from += stride)
        {
            for (var n = 0; n < headDim; n += CacheLine / sizeof(T))
            {
                Sse.Prefetch1(from + n);
            }
        }
    }
}
