using FlexGen.Planning.Formats;

namespace FlexGen.Planning.Plans;

/// <summary>One weight of a layer.</summary>
/// <param name="Name">Layers that name the same weight share it.</param>
/// <param name="Rows">Its rows: a linear layer's weight is [out, in].</param>
/// <param name="Columns">Elements of a row.</param>
/// <param name="IsLinear">Whether it is a linear layer's weight, and nothing else.</param>
/// <param name="Group">The group of the 4-bit numbers in which the checkpoint has it; null: it has it in another type.</param>
public readonly record struct WeightShape(string Name, long Rows, long Columns, bool IsLinear = false, int? Group = null)
{
    /// <summary>Elements of a group, where this program makes them.</summary>
    public const int DefaultGroup = 64;

    /// <summary>How it is kept.</summary>
    /// <param name="format">Of what is not in 4 bits.</param>
    /// <param name="compression">The policy's.</param>
    public ElementFormat Format(ElementFormat format, Compression compression) =>
        Group is { } stored ? ElementFormat.Int4Tiles(stored)
        : IsLinear && compression == Compression.Int4 ? ElementFormat.Int4Tiles(DefaultGroup)
        : format;
}
