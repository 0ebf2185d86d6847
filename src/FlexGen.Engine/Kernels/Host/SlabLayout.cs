namespace FlexGen.Engine.Kernels.Host;

/// <summary>A slab's layout, [tokens, slots] rows of [kvHeads, headDim], and the query heads that share a key head.</summary>
internal readonly record struct SlabLayout(int Slots, int KvHeads, int Group, int HeadDim)
{
    /// <summary>Elements of a sequence's query, and of its output.</summary>
    public long QueryRow => (long)KvHeads * Group * HeadDim;
}
