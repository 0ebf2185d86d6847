using FlexGen.Engine.Kernels.Cuda;
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

    /// <summary>With fewer rules than these a step through each takes less than to hand the steps out.</summary>
    private const int WorthTheTeam = 16;

    private readonly Tensor logits;
    private readonly IReadOnlyList<(int Slot, Sequence Sequence)> rows;
    private readonly LikeliestTokens? kernel;
    private readonly Tensor likeliest;
    private readonly CudaEvent? there;

    /// <param name="logits">
    /// [sequences (and filler), vocabulary], contiguous, on the current device; they are this object's, and on a CPU may be overwritten.
    /// </param>
    /// <param name="rows">The sequences, in row order.</param>
    /// <param name="kernel">What finds the likeliest on a GPU, not this object's; null on a CPU.</param>
    public NextTokens(Tensor logits, IReadOnlyList<(int Slot, Sequence Sequence)> rows, LikeliestTokens? kernel)
    {
        using var scope = NewDisposeScope();
        (this.logits, this.rows, this.kernel) = (logits, rows, kernel);
        likeliest = (kernel is null ? HostLikeliest.Of(logits, NotFinite) : kernel.Of(logits, NotFinite)).to(CPU, non_blocking: true).DetachFromDisposeScope();
        if (kernel is not null)
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

    /// <summary>Gives each sequence its token, several at once where many have rules.</summary>
    /// <param name="rows">The sequences, in row order.</param>
    /// <param name="advance">What becomes of a row's sequence: called from any thread, for each row once.</param>
    public static T[] Give<T>(IReadOnlyList<(int Slot, Sequence Sequence)> rows, Func<int, T> advance)
    {
        var became = new T[rows.Count];
        HostThreads.Run(rows.Count(row => row.Sequence.HasRule) >= WorthTheTeam, rows.Count, row => became[row] = advance(row));
        return became;
    }

    /// <summary>A token for each row.</summary>
    /// <param name="masks">What their rules allow; null: none of them has one.</param>
    public int[] Choose(TokenMasks? masks = null)
    {
        using var scope = NewDisposeScope();
        // Rules are asked, and the device is given what follows from them, before anything is waited for.
        int?[] only = [.. rows.Select(row => masks?.Only(row.Slot))];
        long[] ruled = [.. Enumerable.Range(0, rows.Count).Where(row => only[row] == TokenMasks.Several && !rows[row].Sequence.NeedsLogits)
            .Select(row => (long)row)];
        Tensor[] parts = [.. Likeliest(ruled, masks)];
        there?.Synchronize();
        var (first, tokens) = (likeliest.data<long>(), new int[rows.Count]);
        long[] allowed = [.. parts.SelectMany(part => part.data<long>())];
        List<long> drawn = [];
        for (var row = 0; row < rows.Count; row++)
        {
            var sequence = rows[row].Sequence;
            tokens[row] = (int)first[row];
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
                tokens[row] = (int)allowed[Array.BinarySearch(ruled, row)];
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

    /// <summary>The likeliest tokens that the rules of some rows allow, in host memory once the event has happened.</summary>
    private IEnumerable<Tensor> Likeliest(long[] ruled, TokenMasks? masks)
    {
        if (ruled.Length == 0)
        {
            yield break;
        }

        if (kernel is not null)
        {
            yield return Likeliest(kernel, ruled, masks!);
            yield break;
        }

        var (bits, bitsOfAByte) = (masks!.Bits(), masks.BitsOfAByte());
        var wanted = bits.index_select(0, tensor(Array.ConvertAll(ruled, row => (long)rows[(int)row].Slot)));
        // A few rows at once: each bit becomes a byte.
        var most = (int)Math.Max(1, ExpandedAtOnce / logits.shape[^1]);
        for (var from = 0; from < ruled.Length; from += most)
        {
            var some = ruled[from..Math.Min(from + most, ruled.Length)];
            yield return Likeliest(Rows(logits, some, logits.shape[0]), wanted.narrow(0, from, some.Length), bitsOfAByte);
        }
    }

    private Tensor Likeliest(LikeliestTokens kernel, long[] ruled, TokenMasks masks)
    {
        // Where sweeps overlap, another GPU is the current one by now.
        var before = CudaDriver.Current();
        CudaDriver.Use(logits.device.index);
        using var places = tensor([.. ruled.SelectMany(row => new[] { (int)row, rows[(int)row].Slot })]).view(-1, 2).Upload(logits.device);
        var found = kernel.Of(logits, places, masks.Upload(logits.device), NothingAllowed).to(CPU, non_blocking: true);
        CudaStream.Current.Record(there!);
        CudaDriver.Use(before);
        return found;
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
