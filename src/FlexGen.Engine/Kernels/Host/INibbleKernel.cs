namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// How a processor multiplies 4-bit numbers of up to 16 rows with numbers of 16 bits. Products are summed in integers, which has no order, so that
/// all processors give the same bits.
/// </summary>
internal unsafe interface INibbleKernel
{
    /// <summary>Words of a vector, as <see cref="PackedHead"/> wants them.</summary>
    static abstract int Width { get; }

    /// <summary>Whether this processor can, for heads of a width.</summary>
    static abstract bool Fit(int headDim);

    /// <summary>Multiplies a key head of some rows with the query heads that share it.</summary>
    /// <param name="words">The first row's words of that head.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="query">[heads, head.QueryPairs].</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="head">How a head meets vectors.</param>
    /// <param name="room">[heads, 16, width] integers, to compute in.</param>
    /// <param name="products">[heads, groups, 16]; those of rows that are missing may be anything.</param>
    static abstract void Multiply(byte* words, long stride, int rows, int* query, int heads, PackedHead head, int* room, int* products);

    /// <summary>Adds some rows of a head, each by its weight: sum = fma(weighted numbers, factor, sum).</summary>
    /// <param name="words">The first row's words of that head.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="weights">[groups, 16] of 16 bits; those of rows that are missing are 0.</param>
    /// <param name="factors">[groups].</param>
    /// <param name="head">How a head meets vectors.</param>
    /// <param name="sums">[head.Sums].</param>
    static abstract void Add(byte* words, long stride, int rows, short* weights, float* factors, PackedHead head, float* sums);
}
