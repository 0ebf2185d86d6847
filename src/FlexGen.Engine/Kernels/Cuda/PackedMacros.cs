using System.Numerics;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>What packed_rows.cuh is compiled with.</summary>
internal static class PackedMacros
{
    private const int WordElements = PackedShape.WordElements, LanesOfAWarp = 32;

    /// <param name="format">Of a row.</param>
    /// <param name="kvHeads">Heads of a row.</param>
    /// <param name="headDim">Elements of a head.</param>
    public static Dictionary<string, long> Of(ElementFormat format, int kvHeads, int headDim)
    {
        // The threads of a warp can exchange elements: those that are rotated together, and those that have one scale.
        var (block, order) = (format.BlockElements, headDim & -headDim);
        var whole = block >= headDim;
        var together = Math.Max(order, whole ? RoundUp(block) : block);
        var elements = Math.Max(WordElements, together / LanesOfAWarp);
        var lanes = whole ? RoundUp((headDim + elements - 1) / elements) : headDim / elements;
        return new()
        {
            ["KV_HEADS"] = kvHeads,
            ["HEAD_DIM"] = headDim,
            ["BLOCK"] = block,
            ["PER"] = elements,
            ["HEAD_LANES"] = lanes,
            ["BLOCK_LANES"] = whole ? lanes : block / elements,
        };
    }

    private static int RoundUp(int n) => (int)BitOperations.RoundUpToPowerOf2((uint)n);
}
