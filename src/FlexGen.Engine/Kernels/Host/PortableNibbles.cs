using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>One number at a time, on any processor.</summary>
internal readonly unsafe struct PortableNibbles : INibbleKernel
{
    private const int Tile = PackedPairs.Tile;
    private const int Quarter = 4;

    public static int Width => 8;

    public static bool Fit(int headDim) => true;

    public static void Multiply(byte* words, long stride, int rows, int* query, int heads, PackedHead head, int* room, int* products)
    {
        new Span<int>(products, heads * head.Groups * Tile).Clear();
        for (var word = 0; word < head.Groups * head.Words; word++, words += sizeof(uint))
        {
            var (block, lane) = Place(word, head);
            for (var h = 0; h < heads; h++)
            {
                var q = query + (h * head.QueryPairs) + (block * PackedHead.Shifts * Width) + lane;
                var to = products + (((h * head.Groups) + (word / head.Words)) * Tile);
                for (var t = 0; t < rows; t++)
                {
                    to[t] += Product(*(uint*)(words + (t * stride)), q);
                }
            }
        }
    }

    private static int Product(uint word, int* query)
    {
        var sum = 0;
        for (var s = 0; s < PackedHead.Shifts; s++, word >>= 4, query += Width)
        {
            sum += ((int)(word & 15) * (short)*query) + ((int)((word >> 16) & 15) * (*query >> 16));
        }

        return sum;
    }

    public static void Add(byte* words, long stride, int rows, short* weights, float* factors, PackedHead head, float* sums)
    {
        for (var word = 0; word < head.Groups * head.Words; word++, words += sizeof(uint))
        {
            var (group, (block, lane)) = (word / head.Words, Place(word, head));
            for (var n = 0; n < PackedShape.WordElements; n++)
            {
                var (number, shift) = (0, PackedShape.Shifts[n]);
                for (var t = 0; t < rows; t++)
                {
                    number += (int)((*(uint*)(words + (t * stride)) >> shift) & 15) * weights[(group * Tile) + t];
                }

                var vector = (block * PackedHead.SumVectors) + (lane % Quarter / 2 * PackedHead.Shifts) + (n / 2);
                var sum = sums + (vector * Width) + (lane / Quarter * Quarter) + (lane % 2 * 2) + (n % 2);
                *sum = MathF.FusedMultiplyAdd(number, factors[group], *sum);
            }
        }
    }

    /// <summary>Where a word lies: its block, and its place in that.</summary>
    private static (int Block, int Lane) Place(int word, PackedHead head)
    {
        var (run, at) = (word / head.RunWords, word % head.RunWords);
        return ((run * (head.Blocks / head.Runs)) + (at / Width), at % Width);
    }
}
