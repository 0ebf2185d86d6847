using FlexGen.Planning;

namespace FlexGen.Engine.Profiling;

/// <summary>How much is measured, and for how long.</summary>
/// <param name="Seconds">Of one figure, beside what is set up for it.</param>
/// <param name="WindowSeconds">Of a rate of copies.</param>
/// <param name="PoolBytes">Of weights that take turns, so that none is in a cache from the time before.</param>
/// <param name="DiskBytes">Of the scratch file, where there is room.</param>
/// <param name="Rows">Of products.</param>
/// <param name="PackedRows">Of products with weights in 4 bits.</param>
/// <param name="Widths">Of the square weights of products.</param>
/// <param name="Tall">Of weights with more rows than columns; none: with a GPU it is all the same.</param>
/// <param name="Sequences">Of decode attention.</param>
/// <param name="Prompts">Lengths of prompts.</param>
/// <param name="PromptTokens">Tokens of the prompts that attend at once.</param>
/// <param name="Slots">Sequences of the tiny models with many.</param>
/// <param name="Sweeps">Of a round of theirs.</param>
internal sealed record ProfileScale(
    double Seconds,
    double WindowSeconds,
    long PoolBytes,
    long DiskBytes,
    IReadOnlyList<int> Rows,
    IReadOnlyList<int> PackedRows,
    IReadOnlyList<int> Widths,
    IReadOnlyList<ProfileScale.TallWeights> Tall,
    IReadOnlyList<int> Sequences,
    IReadOnlyList<int> Prompts,
    int PromptTokens,
    int Slots,
    int Sweeps)
{
    private const long MiB = 1 << 20;

    /// <summary>Heads of what attention is measured with, and their width.</summary>
    public const int Heads = 32, HeadDim = 128;

    /// <summary>Tokens of each of its decoding sequences.</summary>
    public const int Tokens = 512;

    /// <summary>Products of some rows with weights of some widths.</summary>
    /// <param name="Ratio">The weights' rows by their columns.</param>
    /// <param name="Rows">Of the activations.</param>
    /// <param name="Columns">Of the weights.</param>
    public sealed record TallWeights(int Ratio, IReadOnlyList<int> Rows, IReadOnlyList<int> Columns);

    public static ProfileScale For(bool isGpu, bool quick) => (isGpu, quick) switch
    {
        (true, false) => new(
            0.03, 0.15, 512 * MiB, 1024 * MiB, [1, 4, 16, 32, 64, 128, 256, 512, 2048, 8192], [1, 4, 16, 32, 64, 128, 256, 512, 2048, 8192],
            [1024, 2048, 4096, 8192], [], [1, 8, 32, 96],
            [64, 128, 512, 2048], 8192, 64, 50),
        (false, false) => new(
            0.04, 0.15, 256 * MiB, 1024 * MiB, [Policy.LeastRowsOnCpu, 32, 64, 128, 512], [1, 4, 16, 64, 512], [512, 1024, 2048, 4096],
            [new(4, [16, 64, 256], [512, 2048]), new(64, [16, 64], [512, 768])], [1, 4, 16], [64, 128, 512, 1024], 1, 32, 20),
        _ => new(0.005, 0.03, 32 * MiB, 32 * MiB, [1, 16, 64], [1, 16, 64], [512, 1024], isGpu ? [] : [new(4, [16], [256, 512])], [1, 4], [64, 128], 1, 8, 8),
    };
}
