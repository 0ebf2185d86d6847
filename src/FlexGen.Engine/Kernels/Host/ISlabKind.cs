namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// How keys and values lie in a slab, and how they are multiplied. A row is a token of one slot. Queries and sums have an order of their own,
/// of <see cref="Lanes"/> floats, in which they fit a row's elements.
/// </summary>
internal unsafe interface ISlabKind
{
    /// <summary>Bytes of a row.</summary>
    static abstract long RowBytes(SlabLayout layout);

    /// <summary>Floats that one head's query, or its sum, takes.</summary>
    static abstract int Lanes(int headDim);

    /// <summary>What scores must be multiplied with for a sum's weights.</summary>
    static abstract float WeightFactor { get; }

    /// <summary>Puts a head's query, times a factor, into the rows' order.</summary>
    static abstract void Prepare(float* query, float scale, int headDim, float* lanes);

    /// <summary>Whether a head that several query heads share is unpacked once for all of them.</summary>
    static abstract bool IsPacked { get; }

    /// <summary>One head of some rows as float32 in the lanes' order, [tokens, lanes], where that has a place for each.</summary>
    static abstract void Unpack(byte* rows, long stride, int head, SlabLayout layout, float* lanes, int tokens);

    /// <summary>The products of a prepared query with one head of some rows, a stride of bytes apart.</summary>
    static abstract void Dot(float* lanes, byte* rows, long stride, int head, SlabLayout layout, float* scores, int tokens);

    /// <summary>Adds to a sum one head of some rows, each by its weight.</summary>
    static abstract void AddScaled(float* lanes, byte* rows, long stride, int head, SlabLayout layout, float* weights, int tokens);

    /// <summary>A head's sum in the elements' order.</summary>
    static abstract void Finish(float* lanes, int headDim, float* sum);

    /// <summary>What attention gives for a head, once all chunks are together, as the model means it.</summary>
    static abstract void Restore(float* output, int headDim);

    /// <summary>Asks for one head of some rows: they lie on other pages than those before, so the processor does not read ahead by itself.</summary>
    static abstract void Prefetch(byte* rows, long stride, int head, SlabLayout layout, int tokens);
}
