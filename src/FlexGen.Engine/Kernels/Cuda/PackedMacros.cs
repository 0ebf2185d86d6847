using System.Numerics;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>What the kernels are compiled with that read and write the KV cache in 4 bits.</summary>
internal static class PackedMacros
{
    private const int WordElements = PackedShape.WordElements, LanesOfAWarp = 32, PairBytes = 4;

    /// <summary>Tokens that tensor cores multiply at once; bytes of shared memory that a block of threads may have.</summary>
    private const int TileTokens = 16, SharedBytes = 48 << 10;

    /// <summary>Stages of a block, at the most.</summary>
    public const int MostStages = 4;

    /// <summary>Query heads that tensor cores multiply at once.</summary>
    private const int MostHeads = 8;

    /// <summary>Bytes of one copy to shared memory.</summary>
    private static readonly int[] copies = [16, 8, 4];

    /// <summary>Of packed_rows.cuh.</summary>
    /// <param name="format">Of a row.</param>
    /// <param name="kvHeads">Heads of a row.</param>
    /// <param name="headDim">Elements of a head.</param>
    public static Dictionary<string, long> Of(ElementFormat format, int kvHeads, int headDim)
    {
        // The threads of a warp can exchange elements: those that are rotated together, and those that have one scale.
        var (block, order) = (format.BlockElements, headDim & -headDim);
        var whole = block >= headDim;
        var elements = Math.Max(WordElements, Math.Max(order, whole ? RoundUp(block) : 0) / LanesOfAWarp);
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

    /// <summary>Of decode_packed.cu.</summary>
    /// <param name="format">Of a row.</param>
    /// <param name="plan">What it puts sequences together from.</param>
    /// <param name="stages">The most stages of a block, 2 or more.</param>
    /// <returns>The file; its macros; shared memory beyond what it declares, and a stage's.</returns>
    public static (string File, Dictionary<string, long> Macros, int SharedBytes, int StageBytes) OfAttention(
        ElementFormat format, DecodeKernelPlan plan, int stages = MostStages)
    {
        var shape = plan.Shape;
        var (kvHeads, group, block) = (shape.KvHeads, shape.Heads / shape.KvHeads, format.BlockElements);
        var (headBytes, blocks) = ((int)format.Bytes(shape.HeadDim), (shape.HeadDim + block - 1) / block);

        // The sums of larger heads take a thread's registers.
        var (tokenBytes, warps) = block is 32 or 64 && blocks <= 2 ? (144, 16) : (288, blocks > 2 ? 8 : 16);
        var heads = 1;
        while (kvHeads % (heads * 2) == 0 && heads * 2 * headBytes <= tokenBytes)
        {
            heads *= 2;
        }

        var macros = Of(format, kvHeads, shape.HeadDim);
        var stageBytes = 2 * TileTokens * heads * headBytes;
        macros["GROUP"] = group;
        macros["WARPS"] = heads;
        macros["STAGES"] = Math.Clamp(SharedBytes / stageBytes, 2, stages);
        macros["CHUNK"] = plan.Chunk;
        macros["UNIT"] = copies.First(unit => heads * blocks * PairBytes % unit == 0 && format.Bytes(kvHeads, shape.HeadDim) % unit == 0
            && kvHeads * blocks * PairBytes % unit == 0 && heads * blocks * block / 2 % unit == 0);
        macros["RESIDENT"] = Math.Max(1, warps / heads);
        var merged = heads * Math.Min(group, MostHeads) * (shape.HeadDim + 2) * sizeof(float);
        return ("decode_packed.cu", macros, Math.Max((int)macros["STAGES"] * stageBytes, merged), stageBytes);
    }

    private static int RoundUp(int n) => (int)BitOperations.RoundUpToPowerOf2((uint)n);
}
