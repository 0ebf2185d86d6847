using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// Rows of 4-bit groups (<see cref="CacheRows"/>), a tile of 16 at a time. A query is rounded to 16 bits, and so are the weights of a tile's values, so
/// that products are of integers. Scores and sums are put together in float32 in an order of their own, whatever the processor: a score group by
/// group, score = fma(scale * factor, fma(-zero, sum of the query, products), score), and a sum tile by tile.
/// </summary>
internal readonly unsafe struct PackedSlab<TKernel> : ISlabKind
    where TKernel : struct, INibbleKernel
{
    private const int Tile = PackedPairs.Tile;
    private const int CacheLine = 64;

    public static long RowBytes(SlabLayout layout) => CacheRows.RowBytes(layout.KvHeads, layout.HeadDim);

    /// <summary>The sums, and behind them what the zeros come to: [groups, 16].</summary>
    public static int Lanes(int headDim) => new PackedHead(headDim, TKernel.Width).Lanes;

    public static void Finish(float* lanes, int headDim, float* output)
    {
        PackedQuery.Finish(lanes, headDim, new(headDim, TKernel.Width), output);
        CacheRows.Rotate(output, 1, headDim);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute(
        float* query, byte* keys, byte* values, float* partial, SlabLayout layout, int firstHead, int kvHeads, int length, float scale)
    {
        var head = new PackedHead(layout.HeadDim, TKernel.Width);
        var (group, headDim, row, stride) = (layout.Group, layout.HeadDim, HostChunk.Row(head.Lanes), layout.Slots * RowBytes(layout));
        var (heads, wordsAt, pairsAt) = (kvHeads * group, firstHead * head.Bytes, (layout.KvHeads * head.Bytes) + (firstHead * head.Groups * sizeof(int)));
        var rented = ArrayPool<byte>.Shared.Rent(new PackedRoom(null, head, kvHeads, group, length).Bytes);
        fixed (byte* memory = rented)
        {
            var room = new PackedRoom(memory, head, kvHeads, group, length);
            Ahead(keys + wordsAt, keys + pairsAt, stride, kvHeads, head, Math.Min(Tile, length)).Ask(int.MaxValue);
            for (var h = 0; h < heads; h++)
            {
                PackedQuery.Round(query + (h * headDim), scale, headDim, head, room.Queries + (h * head.QueryPairs), room.Factors + (h * head.Groups * 2));
            }

            for (var t = 0; t < length; t += Tile, keys += Tile * stride)
            {
                Score(keys + wordsAt, keys + pairsAt, stride, t, length, group, kvHeads, head, room);
            }

            Ahead(values + wordsAt, values + pairsAt, stride, kvHeads, head, Math.Min(Tile, length)).Ask(int.MaxValue);
            for (var h = 0; h < heads; h++)
            {
                var scores = room.Scores + (h * room.Rows);
                new Span<float>(scores + length, room.Rows - length).Fill(float.NegativeInfinity);
                (partial[(h * row) + head.Lanes], partial[(h * row) + head.Lanes + 1]) = HostChunk.Weigh(scores, room.Rows, 1);
                new Span<float>(partial + (h * row), head.Lanes).Clear();
            }

            for (var t = 0; t < length; t += Tile, values += Tile * stride)
            {
                Sum(values + wordsAt, values + pairsAt, stride, t, length, group, kvHeads, head, room, partial);
            }
        }

        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>The scores of a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score(byte* words, byte* pairs, long stride, int first, int length, int group, int kvHeads, PackedHead head, PackedRoom room)
    {
        var (rows, groups) = (Math.Min(Tile, length - first), head.Groups);
        float* scores = room.Scores + first, factors = room.Factors, scales = room.Pairs;
        var query = room.Queries;
        PackedPairs.Read(pairs, stride, rows, kvHeads * groups, scales);
        var ahead = Ahead(words + (Tile * stride), pairs + (Tile * stride), stride, kvHeads, head, Math.Min(Tile, length - first - Tile));
        var lines = (ahead.Lines + kvHeads - 1) / kvHeads;
        for (var h = 0; h < kvHeads; h++, words += head.Bytes, scales += groups * PackedPairs.Floats)
        {
            ahead.Ask(lines);
            TKernel.Multiply(words, stride, rows, query, group, head, room.Kernel, room.Products);
            query += group * head.QueryPairs;
            var products = room.Products;
            for (var n = 0; n < group; n++, scores += room.Rows)
            {
                var score = Vector512<float>.Zero;
                for (var g = 0; g < groups; g++, factors += 2, products += Tile)
                {
                    var (scale, zero) = (Vector512.Load(scales + (g * PackedPairs.Floats)), Vector512.Load(scales + (g * PackedPairs.Floats) + Tile));
                    var shifted = Vector512.FusedMultiplyAdd(-zero, Vector512.Create(factors[1]), Vector512.ConvertToSingle(Vector512.Load(products)));
                    score = Vector512.FusedMultiplyAdd(scale * Vector512.Create(factors[0]), shifted, score);
                }

                score.Store(scores);
            }
        }
    }

    /// <summary>Adds a tile's values, each by its weight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum(
        byte* words, byte* pairs, long stride, int first, int length, int group, int kvHeads, PackedHead head, PackedRoom room, float* partial)
    {
        var (rows, row) = (Math.Min(Tile, length - first), HostChunk.Row(head.Lanes));
        PackedPairs.Read(pairs, stride, rows, kvHeads * head.Groups, room.Pairs);
        var ahead = Ahead(words + (Tile * stride), pairs + (Tile * stride), stride, kvHeads, head, Math.Min(Tile, length - first - Tile));
        var lines = (ahead.Lines + kvHeads - 1) / kvHeads;
        var factors = room.WeightFactors;
        var weights = room.Weights;
        for (var h = 0; h < kvHeads; h++)
        {
            for (var n = h * group; n < (h + 1) * group; n++)
            {
                var at = n * head.Groups;
                Weigh(
                    room.Scores + (n * room.Rows) + first, room.Pairs + (h * head.Groups * PackedPairs.Floats), head.Groups,
                    weights + (at * Tile), factors + at,
                    partial + (n * row) + head.Sums);
            }
        }

        for (var h = 0; h < kvHeads; h++, words += head.Bytes)
        {
            ahead.Ask(lines);
            for (var n = 0; n < group; n++, partial += row, weights += head.Groups * Tile, factors += head.Groups)
            {
                TKernel.Add(words, stride, rows, weights, factors, head, partial);
            }
        }
    }

    /// <summary>Rounds what a head's numbers are to be multiplied with in each group, and adds what its zeros come to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(float* scores, float* pairs, int groups, short* weights, float* factors, float* zeros)
    {
        for (var g = 0; g < groups; g++, pairs += PackedPairs.Floats, weights += Tile, zeros += Tile)
        {
            var weight = Vector512.Load(scores) * Vector512.Load(pairs);
            var bits = weight.AsInt32() & Vector512.Create(int.MaxValue);
            var (factor, inverse) = PackedQuery.Factor(PackedQuery.Most(Vector256.Max(bits.GetLower(), bits.GetUpper())));
            var rounded = Vector512.Round(weight * Vector512.Create(inverse));
            var numbers = Vector512.ConvertToInt32Native(rounded);
            Vector256.Narrow(numbers.GetLower(), numbers.GetUpper()).Store(weights);
            Vector512.FusedMultiplyAdd(rounded * Vector512.Create(factor), Vector512.Load(pairs + Tile), Vector512.Load(zeros)).Store(zeros);
            factors[g] = factor;
        }
    }

    private static RowsAhead Ahead(byte* words, byte* pairs, long stride, int kvHeads, PackedHead head, int rows) =>
        new(words, kvHeads * head.Bytes, pairs, kvHeads * head.Groups * sizeof(int), stride, rows);
}
