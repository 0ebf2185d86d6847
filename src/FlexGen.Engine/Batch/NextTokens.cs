using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Batch;

/// <summary>
/// The next token of each sequence of a micro-batch. The likeliest are on their way to the host from the beginning, ahead of what the compute device is given
/// afterwards; what is drawn, or chosen of some tokens only, waits for that, too.
/// </summary>
internal sealed class NextTokens : IDisposable
{
    /// <summary>Stands for the token of logits that are not numbers.</summary>
    public const int NotFinite = -1;

    /// <summary>Stands for the token where a sequence's rule allows none.</summary>
    public const int NothingAllowed = -2;

    /// <summary>The most bits that are expanded at once.</summary>
    private const long ExpandedAtOnce = 1 << 25;

    private static readonly byte[] bitsOfAByte = [.. Enumerable.Range(0, 8).Select(n => (byte)(1 << n))];

    private readonly Tensor logits;
    private readonly IReadOnlyList<(int Slot, Sequence Sequence)> rows;
    private readonly Tensor likeliest;
    private readonly CudaEvent? there;

    /// <param name="logits">[sequences (and filler), vocabulary], on the current device; they are this object's, and may be overwritten.</param>
    /// <param name="rows">The sequences, in row order.</param>
    public NextTokens(Tensor logits, IReadOnlyList<(int Slot, Sequence Sequence)> rows)
    {
        using var scope = NewDisposeScope();
        (this.logits, this.rows) = (logits, rows);
        var (largest, indexes) = logits.max(-1);
        // The largest of logits with NaN among them is NaN.
        var found = indexes.masked_fill(largest.isfinite().logical_not(), NotFinite);
        likeliest = found.to(CPU, non_blocking: true).DetachFromDisposeScope();
        if (logits.device_type == TorchSharp.DeviceType.CUDA)
        {
            there = new();
            CudaStream.Current.Record(there);
        }
    }

    public void Dispose()
    {
        logits.Dispose();
        likeliest.Dispose();
        there?.Dispose();
    }

    /// <summary>A token for each row.</summary>
    /// <param name="masks">What their rules allow; null: none of them has one.</param>
    public int[] Choose(TokenMasks? masks = null)
    {
        using var scope = NewDisposeScope();
        there?.Synchronize();
        var (first, tokens) = (likeliest.data<long>(), new int[rows.Count]);
        List<long> drawn = [], ruled = [];
        for (var row = 0; row < rows.Count; row++)
        {
            var (slot, sequence) = rows[row];
            tokens[row] = (int)first[row];
            if (tokens[row] == NotFinite)
            {
                continue;
            }

            var only = masks?.Only(slot);
            if (only == TokenMasks.None)
            {
                tokens[row] = NothingAllowed;
            }
            else if (sequence.WantsLogits || (sequence.IsDrawn && only is null or TokenMasks.Several))
            {
                drawn.Add(row);
            }
            else if (only == TokenMasks.Several)
            {
                ruled.Add(row);
            }
            else
            {
                tokens[row] = only ?? tokens[row];
            }
        }

        if (drawn.Count > 0)
        {
            // One copy from the device for all of them.
            Draw(Rows(logits, drawn, rows.Count).to(ScalarType.Float32).cpu().contiguous(), [.. drawn.Select(row => (int)row)], rows, masks, tokens);
        }

        if (ruled.Count > 0)
        {
            using var bits = masks!.Bits().Upload(logits.device);
            foreach (var some in ruled.Chunk((int)Math.Max(1, ExpandedAtOnce / logits.shape[^1])))
            {
                TakeLikeliest(Rows(logits, some, logits.shape[0]), bits, some, rows, tokens);
            }
        }

        return tokens;
    }

    /// <summary>Gives rows the likeliest of the tokens that their rules allow.</summary>
    /// <param name="logits">[ruled (and filler), vocabulary], which is overwritten.</param>
    /// <param name="bits">[slots, bytes]: a bit for each token that is allowed.</param>
    /// <param name="ruled">Their rows.</param>
    /// <param name="rows">The sequences of all rows.</param>
    /// <param name="tokens">Takes the tokens, each at its row.</param>
    private static void TakeLikeliest(Tensor logits, Tensor bits, long[] ruled, IReadOnlyList<(int Slot, Sequence Sequence)> rows, int[] tokens)
    {
        using var scope = NewDisposeScope();
        var slots = tensor(Array.ConvertAll(ruled, row => (long)rows[(int)row].Slot)).to(logits.device);
        var forbidden = bits.index_select(0, slots).unsqueeze(-1).bitwise_and(tensor(bitsOfAByte).to(logits.device)).eq(0).view(ruled.Length, -1);
        var (largest, indexes) = logits.masked_fill_(forbidden.narrow(1, 0, logits.shape[^1]), float.NegativeInfinity).max(-1);
        var likeliest = indexes.masked_fill(largest.isneginf(), NothingAllowed).cpu().data<long>();
        for (var n = 0; n < ruled.Length; n++)
        {
            tokens[ruled[n]] = (int)likeliest[n];
        }
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
