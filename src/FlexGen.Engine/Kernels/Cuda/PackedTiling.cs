namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>How a block of the kernel in packed_product.cu divides its work, by which no result changes.</summary>
/// <param name="Tiles">Of 8 rows of x.</param>
/// <param name="Pairs">Of tiles of the weight.</param>
/// <param name="Teams">Of a warp for each pair, which share a block's part of K.</param>
/// <param name="Own">Whether each warp sums x for itself.</param>
internal readonly record struct PackedTiling(int Tiles, int Pairs, int Teams, bool Own)
{
    private const int WarpLanes = 32, LoadBytes = 16, Parts = 4;

    /// <summary>For few rows of x, and for more.</summary>
    private static readonly PackedTiling[] all = [new(1, 4, 4, true), new(2, 4, 4, true), new(4, 4, 4, false), new(8, 4, 2, false), new(8, 8, 1, false)];

    /// <summary>Elements of K between two barriers, best first, and how many times as much lies in shared memory at the most.</summary>
    private static readonly (int Elements, int MostStages)[] steps = [(128, 4), (64, 6)];

    /// <summary>Rows of x of a block.</summary>
    public int Columns => Tiles * 8;

    /// <summary>Of a block.</summary>
    public int Threads => Pairs * Teams * WarpLanes;

    /// <summary>The best for some rows of x.</summary>
    public static int Index(long rows)
    {
        var index = 0;
        while (index < all.Length - 1 && rows > all[index].Columns)
        {
            index++;
        }

        return index;
    }

    /// <summary>A tiling, or the next best for which a GPU has enough shared memory; what the kernel is compiled with, and such memory that it needs.</summary>
    /// <param name="index">Which.</param>
    /// <param name="group">The weight's.</param>
    /// <param name="limit">Bytes of shared memory that a block has at the most.</param>
    public static (PackedTiling Tiling, Dictionary<string, long> Macros, int SharedBytes) For(int index, int group, int limit)
    {
        for (; index >= 0; index--)
        {
            for (var tiling = all[index]; tiling.Pairs > 1; tiling = tiling with { Pairs = tiling.Pairs / 2 })
            {
                foreach (var (elements, mostStages) in steps)
                {
                    var joined = group >= 128 ? 1 : Math.Max(64 / group, 1) * elements / 64;
                    for (var stages = mostStages; stages >= (tiling.Own ? 2 : 3); stages--)
                    {
                        var (bytes, sums) = tiling.SharedBytes(group, joined, stages);
                        if (bytes + sums <= limit)
                        {
                            return (tiling, tiling.Macros(group, elements, stages), bytes);
                        }
                    }
                }
            }
        }

        throw new InvalidOperationException($"4-bit groups of {group} need more than the {limit} bytes of shared memory that this GPU has for a block.");
    }

    private Dictionary<string, long> Macros(int group, int step, int stages) => new()
    {
        ["GROUP"] = group,
        ["TILES"] = Tiles,
        ["PAIRS"] = Pairs,
        ["TEAMS"] = Teams,
        ["STEP"] = step,
        ["STAGES"] = stages,
        ["OWN"] = Own ? 1 : 0,
    };

    /// <summary>Bytes for stages and kept sums, and those that the kernel declares.</summary>
    private (int Stages, int Declared) SharedBytes(int group, int joined, int stages)
    {
        var (ofX, ofPair) = (Columns * joined * group / 8, 2 * joined * ((group / 2) + 4));
        var kept = Teams == Parts ? 0 : Threads * Tiles * 8 * sizeof(float);
        return ((stages * Teams * (ofX + (Pairs * ofPair)) * LoadBytes) + kept, (2 * Teams * joined * Columns * sizeof(float)) + LoadBytes);
    }
}
