using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>Rows of [kvHeads, headDim] numbers of type T: float, Half, or ushort for bfloat16.</summary>
internal readonly unsafe struct PlainSlab<T> : ISlabKind
    where T : unmanaged
{
    private const int CacheLine = 64;

    public static float WeightFactor => HostVectors.Unscale<T>();

    public static bool IsPacked => false;

    public static long RowBytes(SlabLayout layout) => (long)layout.KvHeads * layout.HeadDim * sizeof(T);

    public static int Lanes(int headDim) => headDim;

    public static void Prepare(float* query, float scale, int headDim, float* lanes)
    {
        for (var n = 0; n < headDim; n++)
        {
            lanes[n] = query[n] * scale * HostVectors.Unscale<T>();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot(float* lanes, byte* rows, long stride, int head, SlabLayout layout, float* scores, int tokens) =>
        HostVectors.Dot(lanes, Head(rows, head, layout), stride / sizeof(T), layout.HeadDim, scores, tokens);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(float* lanes, byte* rows, long stride, int head, SlabLayout layout, float* weights, int tokens) =>
        HostVectors.AddScaled(lanes, Head(rows, head, layout), stride / sizeof(T), layout.HeadDim, weights, tokens);

    public static void Unpack(byte* rows, long stride, int head, SlabLayout layout, float* lanes, int tokens) => throw new NotSupportedException();

    public static void Finish(float* lanes, int headDim, float* sum) => new Span<float>(lanes, headDim).CopyTo(new(sum, headDim));

    public static void Restore(float* output, int headDim)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* rows, long stride, int head, SlabLayout layout, int tokens)
    {
        var from = Head(rows, head, layout);
        for (var t = 0; Sse.IsSupported && t < tokens; t++)
        {
            for (var n = 0; n < layout.HeadDim; n += CacheLine / sizeof(T))
            {
                Sse.Prefetch0(from + (t * (stride / sizeof(T))) + n);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T* Head(byte* rows, int head, SlabLayout layout) => (T*)rows + (head * layout.HeadDim);
}
