using FlexGen.Planning.Formats;

namespace FlexGen.Planning.Plans;

/// <summary>Where a weight of a layer rests.</summary>
/// <param name="Index">Its place in the layer's list.</param>
/// <param name="Tier">Where.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Offset">Where it begins in the layer's image, the part of the layer that is streamed; on the compute device 0.</param>
/// <param name="IsShared">Whether an earlier layer has it on the compute device already.</param>
/// <param name="Format">How it is kept.</param>
public readonly record struct PlacedWeight(int Index, Tier Tier, long Bytes, long Offset, bool IsShared, ElementFormat Format)
{
    /// <summary>How it lies where it is kept in 4 bits; null: it is not.</summary>
    /// <param name="shape">[out, in].</param>
    public PackedShape? Packed(IReadOnlyList<long> shape) => Format.TileRows > 1 ? new(shape[0], shape[1], Format.BlockElements) : null;
}
