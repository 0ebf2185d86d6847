using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Tensors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Batch;

/// <summary>The next token of each sequence of a micro-batch.</summary>
internal static class NextTokens
{
    /// <summary>Stands for the token of logits that are not numbers.</summary>
    public const int NotFinite = -1;

    /// <summary>Stands for the token where a sequence's rule allows none.</summary>
    public const int NothingAllowed = -2;

    /// <summary>The most bits that are expanded at once.</summary>
    private const long ExpandedAtOnce = 1 << 25;

    /// <summary>With fewer rules than these a step through each takes less than to hand the steps out.</summary>
    private const int WorthTheTeam = 16;

    /// <summary>A token for each row.</summary>
    /// <param name="logits">[sequences (and filler), vocabulary]; may be overwritten.</param>
    /// <param name="rows">The sequences, in row order.</param>
    /// <param name="masks">What their rules allow; null: none of them has one.</param>
    public static int[] Choose(Tensor logits, IReadOnlyList<(int Slot, Sequence Sequence)> rows, TokenMasks? masks = null)
    {
        using var scope = NewDisposeScope();
        var (largest, indexes) = logits.max(-1);
        // The largest of logits with NaN among them is NaN.
        var likeliest = indexes.masked_fill(largest.isfinite().logical_not(), NotFinite);
        // Rules are asked, and the device is given what follows from them, while it still computes the logits: it is waited for once.
        int?[] only = [.. rows.Select(row => masks?.Only(row.Slot))];
        long[] ruled = [.. Enumerable.Range(0, rows.Count).Where(row => only[row] == TokenMasks.Several && !rows[row].Sequence.NeedsLogits)
            .Select(row => (long)row)];
        var found = cat([likeliest, .. Likeliest(logits, ruled, rows, masks)]).cpu().data<long>();
        var tokens = new int[rows.Count];
        List<long> drawn = [];
        for (var row = 0; row < rows.Count; row++)
        {
            var sequence = rows[row].Sequence;
            tokens[row] = (int)found[row];
            if (tokens[row] == NotFinite)
            {
                continue;
            }

            if (only[row] == TokenMasks.None)
            {
                tokens[row] = NothingAllowed;
            }
            else if (sequence.WantsLogits || (sequence.IsDrawn && only[row] is null or TokenMasks.Several))
            {
                drawn.Add(row);
            }
            else if (only[row] == TokenMasks.Several)
            {
                tokens[row] = (int)found[logits.shape[0] + Array.BinarySearch(ruled, row)];
            }
            else
            {
                tokens[row] = only[row] ?? tokens[row];
            }
        }

        if (drawn.Count > 0)
        {
            // One copy from the device for all of them.
            Draw(Rows(logits, drawn, rows.Count).to(ScalarType.Float32).cpu().contiguous(), [.. drawn.Select(row => (int)row)], rows, masks, tokens);
        }

        return tokens;
    }

    /// <summary>Gives each sequence its token, several at once where many have rules.</summary>
    /// <param name="rows">The sequences, in row order.</param>
    /// <param name="advance">What becomes of a row's sequence: called from any thread, for each row once.</param>
    public static T[] Give<T>(IReadOnlyList<(int Slot, Sequence Sequence)> rows, Func<int, T> advance)
    {
        var became = new T[rows.Count];
        HostThreads.Run(rows.Count(row => row.Sequence.HasRule) >= WorthTheTeam, rows.Count, row => became[row] = advance(row));
        return became;
    }

    /// <summary>The likeliest tokens that the rules of some rows allow, a few rows at once.</summary>
    private static IEnumerable<Tensor> Likeliest(Tensor logits, long[] ruled, IReadOnlyList<(int Slot, Sequence Sequence)> rows, TokenMasks? masks)
    {
        if (ruled.Length == 0)
        {
            yield break;
        }

        var (device, bits) = (logits.device, masks!.Bits());
        var bitsOfAByte = masks.BitsOfAByte(device);
        var slots = Array.ConvertAll(ruled, row => (long)rows[(int)row].Slot);
        // Where all slots are asked for, in order, they are not copied once more.
        using var all = bits.Upload(device);
        using var wanted = slots.AsSpan().SequenceEqual([.. Enumerable.Range(0, (int)bits.shape[0]).Select(slot => (long)slot)])
            ? all.alias() : all.index_select(0, tensor(slots).to(device));
        var most = (int)Math.Max(1, ExpandedAtOnce / logits.shape[^1]);
        for (var from = 0; from < ruled.Length; from += most)
        {
            var some = ruled[from..Math.Min(from + most, ruled.Length)];
            yield return Likeliest(Rows(logits, some, logits.shape[0]), wanted.narrow(0, from, some.Length), bitsOfAByte);
        }
    }

    /// <param name="logits">[ruled (and filler), vocabulary], which is overwritten.</param>
    /// <param name="bits">[ruled, bytes]: a bit for each token that is allowed.</param>
    /// <param name="bitsOfAByte">Each of its 8 bits.</param>
    private static Tensor Likeliest(Tensor logits, Tensor bits, Tensor bitsOfAByte)
    {
        using var scope = NewDisposeScope();
        var forbidden = bits.unsqueeze(-1).bitwise_and(bitsOfAByte).eq(0).view(bits.shape[0], -1);
        var (largest, indexes) = logits.masked_fill_(forbidden.narrow(1, 0, logits.shape[^1]), float.NegativeInfinity).max(-1);
        return indexes.masked_fill(largest.isneginf(), NothingAllowed).MoveToOuterDisposeScope();
    }

    /// <summary>The logits of some rows.</summary>
    private static Tensor Rows(Tensor logits, IReadOnlyList<long> some, long all) =>
        some.Count == all ? logits : logits.index_select(0, tensor(some.ToArray()).to(logits.device));

    /// <param name="logits">[drawn (and filler), vocabulary], float32 in host memory.</param>
    /// <param name="drawn">Their rows.</param>
    /// <param name="rows">The sequences of all rows.</param>
    /// <param name="masks">What their rules allow; null: none of them has one.</param>
    /// <param name="tokens">Takes the tokens, each at its row.</param>
    private static unsafe void Draw(Tensor logits, int[] drawn, IReadOnlyList<(int Slot, Sequence Sequence)> rows, TokenMasks? masks, int[] tokens)
    {
        var (address, vocabulary) = (logits.Address(), (int)logits.shape[^1]);
        if (drawn.Length == 1)
        {
            DrawOne(0);
        }
        else
        {
            HostThreads.Team.Run(drawn.Length, DrawOne);
        }

        void DrawOne(int n)
        {
            var (slot, sequence) = rows[drawn[n]];
            var row = new Span<float>((float*)address + ((long)n * vocabulary), vocabulary);
            tokens[drawn[n]] = sequence.Choose(row, masks is null ? [] : masks.Row(slot)) ?? NothingAllowed;
        }
    }
}
