namespace FlexGen.Engine.Kernels.Host;

/// <summary>A slab's layout, [tokens, slots] rows of [kvHeads, headDim], and the query heads that share a key head.</summary>
internal readonly record struct SlabLayout(int Slots, int KvHeads, int Group, int HeadDim)
{
    /// <summary>Elements of a sequence's query, and of its output.</summary>
    public long QueryRow => (long)KvHeads * Group * HeadDim;

    /// <summary>Elements of a chunk's partial result of one key head: the sum, the highest score and the sum of weights of each query head.</summary>
    public int PartialRow => Group * (HeadDim + 2);
}
