using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Checkpoints.Packed;

/// <summary>A weight that is stored in the form that it is read in: bytes [tiles, groups, block].</summary>
/// <param name="name">The weight's name.</param>
/// <param name="packed">The form.</param>
/// <param name="part">Where it is stored.</param>
internal sealed class TiledTensor(string name, PackedShape packed, StoredPart part) : PackedTensor(name, packed)
{
    /// <summary>The key of a file's metadata that has the shape, [out, in], of each weight stored so, in JSON.</summary>
    public const string ShapesKey = "flexgen.tiles16";

    public override string Path => part.File.Path;

    /// <summary>The shape under which such a weight is stored.</summary>
    public static long[] StoredShape(PackedShape packed) => [packed.Tiles, packed.Groups, packed.BlockBytes];

    public override void Read(long start, IntPtr to, long bytes) => part.File.Read(part.Entry, start, to, bytes);

    protected override void Check() => part.Require(["U8"], StoredShape(Packed));
}
