namespace FlexGen.Engine.Kernels.Host;

/// <summary>Memory to compute one chunk of 4-bit rows in. Everything in it begins at a cache line and is whole ones.</summary>
internal unsafe ref struct PackedRoom
{
    private const int CacheLine = 64;

    private readonly byte* memory;
    private long used;

    /// <param name="memory">As much as <see cref="Bytes"/> says, or null to find that out.</param>
    /// <param name="head">How a head meets vectors.</param>
    /// <param name="kvHeads">Key heads.</param>
    /// <param name="group">Query heads that share one.</param>
    /// <param name="length">Tokens.</param>
    public PackedRoom(byte* memory, PackedHead head, int kvHeads, int group, int length)
    {
        this.memory = (byte*)(((nint)memory + CacheLine - 1) & -CacheLine);
        Rows = HostChunk.Rows(length);
        var (heads, groups) = (kvHeads * group, kvHeads * group * head.Groups);
        Scores = (float*)Take(heads * Rows);
        Queries = (int*)Take(heads * head.QueryPairs);
        Factors = (float*)Take(groups * 2);
        Pairs = (float*)Take(kvHeads * head.Groups * PackedPairs.Floats);
        Kernel = (int*)Take(group * PackedPairs.Tile * head.Width);
        Products = (int*)Take(group * head.Groups * PackedPairs.Tile);
        Weights = (short*)Take(groups * PackedPairs.Tile / 2);
        WeightFactors = (float*)Take(groups);
    }

    /// <summary>Tokens, filled up to whole tiles.</summary>
    public int Rows { get; }

    /// <summary>[heads, rows].</summary>
    public float* Scores { get; }

    /// <summary>[heads, head.QueryPairs].</summary>
    public int* Queries { get; }

    /// <summary>[heads, groups] pairs of a rounded query's factor and the sum of its numbers.</summary>
    public float* Factors { get; }

    /// <summary>[kvHeads, groups] scales and zeros of a tile.</summary>
    public float* Pairs { get; }

    /// <summary>The kernel's own.</summary>
    public int* Kernel { get; }

    /// <summary>[group, groups, tile].</summary>
    public int* Products { get; }

    /// <summary>[heads, groups, tile].</summary>
    public short* Weights { get; }

    /// <summary>[heads, groups], what they are to be multiplied by.</summary>
    public float* WeightFactors { get; }

    /// <summary>Bytes to have for it, with what is lost before the first cache line.</summary>
    public readonly int Bytes => checked((int)(used + CacheLine));

    /// <summary>Some numbers of 4 bytes.</summary>
    private byte* Take(long count)
    {
        var at = memory + used;
        used += (count * sizeof(float) + CacheLine - 1) / CacheLine * CacheLine;
        return at;
    }
}
