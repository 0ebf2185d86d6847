namespace FlexGen.Planning.Formats;

/// <summary>
/// The keys, or the values, of one layer and micro-batch, of some slots: [tokens, slots, kvHeads, headDim], token-major, so that what is in
/// use is one prefix. Each head's elements are whole blocks. Where a block is a group of 4-bit numbers, a row, which is one token of one slot, has
/// the words of all heads first, [kvHeads, groups, group / 8] as in <see cref="PackedShape"/>, then the scales and zeros, [kvHeads, groups].
/// </summary>
/// <param name="tokens">That a slot has room for.</param>
/// <param name="slots">How many.</param>
/// <param name="kvHeads">Key and value heads.</param>
/// <param name="headDim">Width of a head.</param>
/// <param name="format">Of its elements.</param>
public sealed class SlabShape(int tokens, int slots, int kvHeads, int headDim, ElementFormat format)
{
    public int Tokens => tokens;

    public int Slots => slots;

    public int KvHeads => kvHeads;

    public int HeadDim => headDim;

    public ElementFormat Format => format;

    /// <summary>Bytes of one token of one slot.</summary>
    public long RowBytes { get; } = format.Bytes(kvHeads, headDim);

    /// <summary>Bytes of one token of all slots.</summary>
    public long TokenBytes { get; } = format.Bytes(kvHeads, headDim) * slots;

    /// <summary>Bytes of all tokens.</summary>
    public long Bytes { get; } = format.Bytes(kvHeads, headDim) * slots * tokens;

    /// <summary>The same where it begins and ends with a sector.</summary>
    public long AlignedBytes { get; } = Sector.Align(format.Bytes(kvHeads, headDim) * slots * tokens);

    /// <summary>[tokens, slots, kvHeads, headDim] or, where elements are not by themselves, the bytes of [tokens, slots].</summary>
    public IReadOnlyList<long> Dimensions { get; } =
        format.BlockElements == 1 ? [tokens, slots, kvHeads, headDim] : [tokens, slots, format.Bytes(kvHeads, headDim)];
}
