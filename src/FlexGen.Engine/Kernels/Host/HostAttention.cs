using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// Attention of one decoding token over a KV cache in host memory, with vector instructions, at the speed of that memory. Every
/// sequence is computed by itself, without padding, in chunks that begin at fixed positions and are put together in their order, so
/// its result does not depend on what shares its batch or on how many cores there are.
/// </summary>
internal static unsafe class HostAttention
{
    private const long WorthAThread = 1 << 17;
    private const int ItemsOfACore = 2;

    private const int CacheLine = 64;
    private const int ChunkTokens = 256;

    /// <summary>Elements of the partial results that are there at once, 8 MiB: many sequences, or many heads of a long one, take turns.</summary>
    private const int PartialElements = 2 << 20;

    /// <summary>Of each thread that calls: a lane's, or the engine's.</summary>
    [ThreadStatic]
    private static float[]? partials;

    /// <summary>What one sequence's token sees: its slot and the first and one past the last position.</summary>
    public readonly record struct Seen(int Slot, int First, int End)
    {
        public int Chunks => ((End - 1) / ChunkTokens) - (First / ChunkTokens) + 1;
    }

    /// <summary>A chunk of a sequence: the positions in it that are seen, how many of the sequence's chunks come before it, and how many it has.</summary>
    private readonly record struct Chunk(int Sequence, int Slot, int First, int End, int Before, int All);

    /// <summary>Softmax(q k^T scale) v for each decoding sequence, over a cache of one of the types that it can have.</summary>
    /// <param name="query">[sequences, kvHeads * group, headDim], float32.</param>
    /// <param name="keys">[tokens, slots, kvHeads, headDim], or of bytes [tokens, slots, <see cref="CacheRows.RowBytes"/>].</param>
    /// <param name="values">The same layout.</param>
    /// <param name="output">[sequences, kvHeads * group, headDim], float32.</param>
    /// <param name="type">The type of keys and values; bytes (Byte) are rows of <see cref="CacheRows"/>, rotated where query and output are not.</param>
    /// <param name="layout">The slab's layout.</param>
    /// <param name="seen">One a sequence.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    public static void Decode(
        IntPtr query, IntPtr keys, IntPtr values, IntPtr output, torch.ScalarType type, SlabLayout layout, ReadOnlySpan<Seen> seen, float scale)
    {
        switch (type)
        {
            case torch.ScalarType.Float32:
                Decode<PlainSlab<float>>((float*)query, (byte*)keys, (byte*)values, (float*)output, layout, seen, scale);
                break;
            case torch.ScalarType.Float16:
                Decode<PlainSlab<Half>>((float*)query, (byte*)keys, (byte*)values, (float*)output, layout, seen, scale);
                break;
            case torch.ScalarType.Byte when Avx512Nibbles.Fit(layout.HeadDim):
                Decode<PackedSlab<Avx512Nibbles>>((float*)query, (byte*)keys, (byte*)values, (float*)output, layout, seen, scale);
                break;
            case torch.ScalarType.Byte when Avx2Nibbles.Fit(layout.HeadDim):
                Decode<PackedSlab<Avx2Nibbles>>((float*)query, (byte*)keys, (byte*)values, (float*)output, layout, seen, scale);
                break;
            case torch.ScalarType.Byte:
                Decode<PackedSlab<PortableNibbles>>((float*)query, (byte*)keys, (byte*)values, (float*)output, layout, seen, scale);
                break;
            default:
                Decode<PlainSlab<ushort>>((float*)query, (byte*)keys, (byte*)values, (float*)output, layout, seen, scale);
                break;
        }
    }

    /// <summary>The same over keys and values of one kind.</summary>
    /// <param name="query">[sequences, kvHeads * group, headDim].</param>
    /// <param name="keys">[tokens, slots] rows.</param>
    /// <param name="values">The same layout.</param>
    /// <param name="output">[sequences, kvHeads * group, headDim].</param>
    /// <param name="layout">The slab's layout.</param>
    /// <param name="seen">One a sequence.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    /// <param name="partialElements">Elements of partial results that may be there at once; those of one key head of a sequence are, in any case.</param>
    public static void Decode<TKind>(
        float* query, byte* keys, byte* values, float* output, SlabLayout layout, ReadOnlySpan<Seen> seen, float scale, int partialElements = PartialElements)
        where TKind : struct, ISlabKind
    {
        var room = partialElements / (layout.Group * HostChunk.Row(TKind.Lanes(layout.HeadDim)));
        for (int first = 0, count; first < seen.Length; first += count)
        {
            var (chunks, heads) = (0L, layout.KvHeads);
            for (count = 0; first + count < seen.Length && (chunks + seen[first + count].Chunks) * heads <= room; count++)
            {
                chunks += seen[first + count].Chunks;
            }

            if (count == 0)
            {
                (count, heads) = (1, Math.Max(1, room / seen[first].Chunks));
            }

            for (var head = 0; head < layout.KvHeads; head += heads)
            {
                var queryAt = ((long)first * layout.QueryRow) + (head * layout.Group * layout.HeadDim);
                Decode<TKind>(
                    query + queryAt, keys, values, output + queryAt, layout, head, Math.Min(heads, layout.KvHeads - head), seen.Slice(first, count), scale);
            }
        }
    }

    /// <summary>Some key heads of some sequences, whose partial results are there together; queries and outputs begin with the first of them.</summary>
    private static void Decode<TKind>(
        float* query, byte* keys, byte* values, float* output, SlabLayout layout, int firstHead, int kvHeads, ReadOnlySpan<Seen> seen, float scale)
        where TKind : struct, ISlabKind
    {
        var (chunks, left, work) = (Chunks(seen), new int[seen.Length], 0L);
        var heads = HeadsOfAnItem(kvHeads, chunks.Length);
        var perChunk = (kvHeads + heads - 1) / heads;
        for (var n = 0; n < seen.Length; n++)
        {
            left[n] = seen[n].Chunks * perChunk;
            work += (long)(seen[n].End - seen[n].First) * kvHeads * layout.Group * layout.HeadDim;
        }

        var (row, rowBytes) = (layout.Group * HostChunk.Row(TKind.Lanes(layout.HeadDim)), TKind.RowBytes(layout));
        var (q, k, v, o, p) = ((IntPtr)query, (IntPtr)keys, (IntPtr)values, (IntPtr)output, Partials((long)chunks.Length * kvHeads * row));
        HostThreads.Run(work >= WorthAThread, chunks.Length * perChunk, item =>
        {
            var (chunk, head) = (item / perChunk, item % perChunk * heads);
            var (sequence, slot, first, end, before, all) = chunks[chunk];
            var queryAt = (sequence * layout.QueryRow) + (head * layout.Group * layout.HeadDim);
            var slabAt = (((long)first * layout.Slots) + slot) * rowBytes;
            var partial = (float*)p + ((((long)chunk * kvHeads) + head) * row);
            var count = Math.Min(heads, kvHeads - head);
            TKind.Compute(
                (float*)q + queryAt, (byte*)k + slabAt, (byte*)v + slabAt, partial, layout, firstHead + head, count, end - first, scale);
            if (Interlocked.Decrement(ref left[sequence]) == 0)
            {
                HostChunk.Merge<TKind>(
                    (float*)p + ((long)(chunk - before) * kvHeads * row),
                    all,
                    (float*)o + (sequence * layout.QueryRow),
                    kvHeads * layout.Group,
                    layout.HeadDim);
            }
        });
    }

    private static Chunk[] Chunks(ReadOnlySpan<Seen> seen)
    {
        var chunks = new List<Chunk>(seen.Length);
        for (var sequence = 0; sequence < seen.Length; sequence++)
        {
            var (slot, first, end) = seen[sequence];
            for (var n = 0; n < seen[sequence].Chunks; n++)
            {
                var start = ((first / ChunkTokens) + n) * ChunkTokens;
                chunks.Add(new(sequence, slot, Math.Max(first, start), Math.Min(end, start + ChunkTokens), n, seen[sequence].Chunks));
            }
        }

        return [.. chunks];
    }

    private static IntPtr Partials(long elements)
    {
        if (partials is null || partials.Length < elements + CacheLine)
        {
            partials = GC.AllocateUninitializedArray<float>(checked((int)Math.Max(elements, PartialElements)) + CacheLine, pinned: true);
        }

        return ((nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(partials)) + CacheLine - 1) & -CacheLine;
    }

    /// <summary>Key heads that are computed together: all, which lie together in memory, unless some cores would have nothing to do.</summary>
    private static int HeadsOfAnItem(int kvHeads, int chunks)
    {
        var heads = kvHeads;
        while (heads > 1 && chunks * (kvHeads / heads) < ItemsOfACore * Environment.ProcessorCount)
        {
            heads = (heads + 1) / 2;
        }

        return heads;
    }
}
