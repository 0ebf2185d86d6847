namespace FlexGen.Engine.Kernels.Host;

/// <summary>How keys and values lie in a slab, and how they are attended to. A row is a token of one slot.</summary>
internal unsafe interface ISlabKind
{
    /// <summary>Bytes of a row.</summary>
    static abstract long RowBytes(SlabLayout layout);

    /// <summary>Floats of a head's sum, in an order of the kind's own.</summary>
    static abstract int Lanes(int headDim);

    /// <summary>
    /// Attends to one chunk of one sequence: some key heads with the query heads that share them. Of each query head it gives the weighted sum of
    /// the values, the highest score, and the sum of the weights relative to it.
    /// </summary>
    /// <param name="query">[kvHeads * group, headDim].</param>
    /// <param name="keys">The slot's row of the chunk's first token; those of the next tokens are a stride of all slots' rows apart.</param>
    /// <param name="values">The same.</param>
    /// <param name="partial">[kvHeads * group, <see cref="HostChunk.Row"/>]: the sum's lanes, the highest score, and the sum of the weights.</param>
    /// <param name="layout">The slab's layout.</param>
    /// <param name="firstHead">The first of the key heads.</param>
    /// <param name="kvHeads">How many key heads.</param>
    /// <param name="length">Tokens of the chunk.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    static abstract void Compute(
        float* query, byte* keys, byte* values, float* partial, SlabLayout layout, int firstHead, int kvHeads, int length, float scale);

    /// <summary>What attention gives for a head, once all chunks are together, as the model means it.</summary>
    static abstract void Finish(float* lanes, int headDim, float* output);
}
