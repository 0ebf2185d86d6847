using FlexGen.Planning.Formats;

namespace FlexGen.Planning.Plans;

/// <summary>
/// What the GPU's decode kernel puts sequences together from: of each query head and chunk of tokens a sum of values, its highest score and
/// its sum of weights, and of each key head a count of the chunks that are done.
/// </summary>
/// <param name="shape">The model.</param>
/// <param name="slots">Most sequences of a call; 0: there is no kernel.</param>
/// <param name="sequenceLength">Most tokens of a sequence.</param>
public sealed class DecodeKernelPlan(ModelShape shape, int slots, int sequenceLength)
{
    /// <summary>Tokens of a chunk.</summary>
    public const int Chunk = 128;

    /// <summary>The model.</summary>
    public ModelShape Shape => shape;

    /// <summary>Most sequences of a call.</summary>
    public int Slots => slots;

    /// <summary>Elements of float32.</summary>
    public long Partials => (((long)sequenceLength + Chunk - 1) / Chunk) * shape.Heads * (shape.HeadDim + 2) * slots;

    /// <summary>Elements of int32.</summary>
    public long Counts => (long)slots * shape.KvHeads;

    /// <summary>Bytes of them.</summary>
    public long PartialBytes => ElementFormat.F32.Bytes(Partials);

    /// <summary>Bytes of them.</summary>
    public long CountBytes => sizeof(int) * Counts;
}
