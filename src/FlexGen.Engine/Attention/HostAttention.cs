using System.Runtime.Intrinsics;

namespace FlexGen.Engine.Attention;

/// <summary>
/// Attention of one decoding token over a KV cache in host memory, with vector instructions. Every sequence is computed by itself,
/// without padding and always in the same order, so its result does not depend on what shares its batch.
/// </summary>
internal static unsafe class HostAttention
{
    private const long WorthAThread = 1 << 17;

    /// <summary>A slab's layout: elements from one token to the next, and the attention's heads.</summary>
    public readonly record struct Shape(int Slots, int KvHeads, int Group, int HeadDim)
    {
        public long TokenStride => (long)Slots * KvHeads * HeadDim;
    }

    /// <summary>One sequence: its slot and the first and one past the last position that it sees.</summary>
    public readonly record struct Span(int Slot, int First, int End);

    /// <summary>Softmax(q k^T scale) v for each sequence.</summary>
    /// <param name="query">[sequences, kvHeads * group, headDim].</param>
    /// <param name="keys">[tokens, slots, kvHeads, headDim].</param>
    /// <param name="values">The same shape.</param>
    /// <param name="output">[sequences, kvHeads * group, headDim].</param>
    /// <param name="shape">The slab's layout.</param>
    /// <param name="spans">One a sequence.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    public static void Decode<T>(float* query, T* keys, T* values, float* output, Shape shape, Span[] spans, float scale)
        where T : unmanaged
    {
        var work = spans.Sum(s => (long)(s.End - s.First)) * shape.KvHeads * shape.Group * shape.HeadDim;
        var items = spans.Length * shape.KvHeads;
        var (q, k, v, o) = ((IntPtr)query, (IntPtr)keys, (IntPtr)values, (IntPtr)output);
        void Item(int item)
        {
            var (sequence, head) = (item / shape.KvHeads, item % shape.KvHeads);
            var span = spans[sequence];
            var rows = (((long)sequence * shape.KvHeads) + head) * shape.Group * shape.HeadDim;
            var slab = (span.First * shape.TokenStride) + ((((long)span.Slot * shape.KvHeads) + head) * shape.HeadDim);
            Head((float*)q + rows, (T*)k + slab, (T*)v + slab, (float*)o + rows, shape, span.End - span.First, scale);
        }

        if (work < WorthAThread)
        {
            for (var item = 0; item < items; item++)
            {
                Item(item);
            }
        }
        else
        {
            Parallel.For(0, items, Item);
        }
    }

    private static void Head<T>(float* query, T* keys, T* values, float* output, Shape shape, int length, float scale)
        where T : unmanaged
    {
        var scores = System.Buffers.ArrayPool<float>.Shared.Rent(length);
        for (var g = 0; g < shape.Group; g++, query += shape.HeadDim, output += shape.HeadDim)
        {
            var max = float.NegativeInfinity;
            for (var t = 0; t < length; t++)
            {
                scores[t] = Dot(query, keys + (t * shape.TokenStride), shape.HeadDim) * scale;
                max = MathF.Max(max, scores[t]);
            }

            new System.Span<float>(output, shape.HeadDim).Clear();
            var sum = 0f;
            for (var t = 0; t < length; t++)
            {
                var weight = MathF.Exp(scores[t] - max);
                sum += weight;
                AddScaled(output, values + (t * shape.TokenStride), weight, shape.HeadDim);
            }

            for (var d = 0; d < shape.HeadDim; d++)
            {
                output[d] /= sum;
            }
        }

        System.Buffers.ArrayPool<float>.Shared.Return(scores);
    }

    private static float Dot<T>(float* a, T* b, int length)
        where T : unmanaged
    {
        var sum = Vector256<float>.Zero;
        var d = 0;
        for (; d + Vector256<float>.Count <= length; d += Vector256<float>.Count)
        {
            sum = Vector256.FusedMultiplyAdd(Vector256.Load(a + d), Load(b + d), sum);
        }

        var rest = Vector256.Sum(sum);
        for (; d < length; d++)
        {
            rest += a[d] * One(b + d);
        }

        return rest;
    }

    private static void AddScaled<T>(float* to, T* from, float factor, int length)
        where T : unmanaged
    {
        var factors = Vector256.Create(factor);
        var d = 0;
        for (; d + Vector256<float>.Count <= length; d += Vector256<float>.Count)
        {
            Vector256.FusedMultiplyAdd(Load(from + d), factors, Vector256.Load(to + d)).Store(to + d);
        }

        for (; d < length; d++)
        {
            to[d] += One(from + d) * factor;
        }
    }

    private static float One<T>(T* from)
        where T : unmanaged =>
        typeof(T) == typeof(float) ? *(float*)from
        : typeof(T) == typeof(Half) ? (float)*(Half*)from
        : BitConverter.UInt32BitsToSingle((uint)*(ushort*)from << 16);

    /// <summary>Eight elements as float32; T is float, Half, or ushort for bfloat16.</summary>
    private static Vector256<float> Load<T>(T* from)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return Vector256.Load((float*)from);
        }

        var bits = Vector256.WidenLower(Vector128.Load((ushort*)from).ToVector256Unsafe());
        if (typeof(T) == typeof(ushort))
        {
            return (bits << 16).AsSingle();
        }

        // float16's exponent, moved to float32's place, is too small by 112: a product mends that, for subnormal numbers too.
        var magnitude = ((bits & Vector256.Create(0x7FFFu)) << 13).AsSingle() * 5.192296858534828e33f;
        return magnitude | ((bits & Vector256.Create(0x8000u)) << 16).AsSingle();
    }
}
