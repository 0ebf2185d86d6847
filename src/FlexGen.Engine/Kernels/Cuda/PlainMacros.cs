using System.Numerics;
using FlexGen.Interop;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>Which kernel attends to a KV cache in 16 or 32 bits, and what it is compiled with.</summary>
internal static class PlainMacros
{
    private const int BytesOfALoad = 16, LanesOfAWarp = 32, MergedBytes = 40 << 10;

    /// <summary>Tokens that tensor cores multiply at once, the query heads that they do it with, and the fewest for which they pay.</summary>
    private const int TileTokens = 16, Columns = 8, LeastGroup = 2;

    /// <summary>The sums of larger heads have no room in a thread's registers.</summary>
    private const int MostHeadDim = 256;

    /// <summary>The first whose tensor cores multiply float16, and bfloat16.</summary>
    private const int Turing = 75, Ampere = 80;

    /// <param name="plan">What it puts sequences together from.</param>
    /// <param name="type">Of query, cache and output.</param>
    /// <param name="limits">The GPU's.</param>
    /// <returns>The file; its macros; shared memory beyond what it declares.</returns>
    public static (string File, Dictionary<string, long> Macros, int SharedBytes) For(DecodeKernelPlan plan, ScalarType type, CudaLimits limits)
    {
        var shape = plan.Shape;
        var (group, headDim) = (shape.Heads / shape.KvHeads, shape.HeadDim);
        var macros = new Dictionary<string, long>
        {
            ["KV_HEADS"] = shape.KvHeads,
            ["GROUP"] = group,
            ["HEAD_DIM"] = headDim,
            ["CHUNK"] = plan.Chunk,
        };
        var least = type switch { ScalarType.Float16 => Turing, ScalarType.BFloat16 => Ampere, _ => int.MaxValue };
        var fits = group >= LeastGroup && headDim <= MostHeadDim && headDim % TileTokens == 0;
        return fits && limits.ComputeCapability >= least && Tiled(macros, limits) is { } sharedBytes
            ? ("decode_grouped.cu", macros, sharedBytes)
            : ("decode_attention.cu", Vectors(macros, type == ScalarType.Float32 ? 4 : 2), 0);
    }

    /// <summary>Adds those of decode_grouped.cu.</summary>
    /// <returns>The shared memory that it needs; null: more than the GPU has.</returns>
    private static int? Tiled(Dictionary<string, long> macros, CudaLimits limits)
    {
        const int elementBytes = 2, resident = 4;
        var (group, headDim) = ((int)macros["GROUP"], (int)macros["HEAD_DIM"]);
        var warps = headDim > MostHeadDim / 2 ? 2 : 4;
        (macros["WARPS"], macros["RESIDENT"]) = (warps, resident);
        var (tiles, merged) = (2 * TileTokens * ((headDim * elementBytes) + BytesOfALoad), Math.Min(group, Columns) * (headDim + 2) * sizeof(float));
        var bytes = warps * Math.Max(tiles, merged);
        return bytes <= limits.SharedBytes ? bytes : null;
    }

    /// <summary>Adds those of decode_attention.cu.</summary>
    private static Dictionary<string, long> Vectors(Dictionary<string, long> macros, int elementBytes)
    {
        var (group, headDim) = ((int)macros["GROUP"], (int)macros["HEAD_DIM"]);
        var vector = BytesOfALoad / elementBytes;
        while (headDim % vector != 0)
        {
            vector /= 2;
        }

        var lanes = Math.Min(LanesOfAWarp, (int)BitOperations.RoundUpToPowerOf2((uint)(headDim / vector)));
        var perWarp = group * (headDim + 2) * sizeof(float);
        macros["VECTOR"] = vector;
        macros["LANES"] = lanes;
        macros["PARTS"] = ((headDim / vector) + lanes - 1) / lanes;
        macros["WARPS"] = Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)(MergedBytes / perWarp) + 1) / 2, 1, group < 4 ? 8 : 4);
        return macros;
    }
}
