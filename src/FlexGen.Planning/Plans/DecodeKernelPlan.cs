using FlexGen.Planning.Formats;

namespace FlexGen.Planning.Plans;

/// <summary>
/// What the GPU's decode kernel puts sequences together from: of each query head and chunk of tokens a sum of values, its highest score and
/// its sum of weights, and of each key head a count of the chunks that are done.
/// </summary>
/// <param name="shape">The model.</param>
/// <param name="format">Of the KV cache.</param>
/// <param name="slots">Most sequences of a call; 0: there is no kernel.</param>
/// <param name="sequenceLength">Most tokens of a sequence.</param>
public sealed class DecodeKernelPlan(ModelShape shape, ElementFormat format, int slots, int sequenceLength)
{
    private const int LeastChunk = 128, MostChunk = 512;

    /// <summary>Chunks of key heads that keep a GPU busy: those in 4 bits have fewer bytes, and share blocks of threads.</summary>
    private const int Parts = 256, PackedParts = 1024;

    /// <summary>Tokens of a chunk: many where there are enough chunks all the same, since each costs its beginning and its end.</summary>
    public int Chunk { get; } = Enumerable.Range(0, int.Log2(MostChunk / LeastChunk)).Select(n => MostChunk >> n).FirstOrDefault(
        chunk => (long)slots * shape.KvHeads * Count(sequenceLength, chunk) >= (format.BlockElements > 1 ? PackedParts : Parts), LeastChunk);

    /// <summary>The model.</summary>
    public ModelShape Shape => shape;

    /// <summary>Most sequences of a call.</summary>
    public int Slots => slots;

    /// <summary>Elements of float32.</summary>
    public long Partials => (long)Chunks(sequenceLength) * shape.Heads * (shape.HeadDim + 2) * slots;

    /// <summary>Elements of int32.</summary>
    public long Counts => (long)slots * shape.KvHeads;

    /// <summary>Bytes of them.</summary>
    public long PartialBytes => ElementFormat.F32.Bytes(Partials);

    /// <summary>Bytes of them.</summary>
    public long CountBytes => sizeof(int) * Counts;

    /// <summary>Of a sequence: a rest of less than half a chunk belongs to the one before it.</summary>
    /// <param name="tokens">Its tokens.</param>
    public int Chunks(int tokens) => Count(tokens, Chunk);

    private static int Count(int tokens, int chunk) => Math.Max(1, (tokens + (chunk / 2)) / chunk);
}
