using FlexGen.Planning.Formats;
using static FlexGen.Engine.Kernels.Cuda.Ceiling;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>How the kernel in streamed_product.cu divides weights, by their shapes alone, for sums are added up by it.</summary>
/// <param name="Pairs">Of tiles of a block, each a warp's of a team.</param>
/// <param name="Teams">Of a block, which share its part of K.</param>
/// <param name="Blocks">Of a cluster, which share K.</param>
/// <param name="Share">Groups of a team's part, at the most.</param>
internal readonly record struct StreamedDivision(int Pairs, int Teams, int Blocks, int Share)
{
    /// <summary>The most blocks of a cluster: of larger ones too few are on a GPU at once.</summary>
    public const int MostBlocks = 2;

    private const int Warps = 16, LeastPairs = 2, MostPairs = 8, PairRows = 2 * PackedShape.TileRows;

    /// <summary>
    /// The one of which the busiest multiprocessor has least to do. Of about equal ones the one of most pairs and blocks, whose multiprocessors read least
    /// of x, unless they compute several blocks, one after the other.
    /// </summary>
    /// <param name="shapes">Of the weights that are multiplied with at once, with as many columns, in the same group.</param>
    /// <param name="multiprocessors">Of the GPU, each of which computes a block at a time.</param>
    public static StreamedDivision For(ReadOnlySpan<PackedShape> shapes, int multiprocessors)
    {
        var (best, least) = (default(StreamedDivision), double.PositiveInfinity);
        for (var pairs = MostPairs; pairs >= LeastPairs; pairs--)
        {
            var rowBlocks = 0L;
            foreach (var shape in shapes)
            {
                rowBlocks += RowBlocks(shape, pairs);
            }

            for (var blocks = MostBlocks; blocks > 0; blocks--)
            {
                var teams = Warps / pairs;
                var share = Divide(shapes[0].Groups, teams * blocks);
                var waves = Divide(rowBlocks * blocks, multiprocessors);
                var work = waves * pairs * teams * share * (1 + (0.02 * (waves - 1)));
                if (work < least * 0.99)
                {
                    (best, least) = (new(pairs, teams, blocks, (int)share), work);
                }
            }
        }

        return best;
    }

    /// <summary>Blocks, or clusters, that a weight's rows are divided into.</summary>
    public long RowBlocks(PackedShape shape) => RowBlocks(shape, Pairs);

    private static long RowBlocks(PackedShape shape, int pairs) => Divide(shape.Rows, PairRows * pairs);
}
