using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Tensors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Batch;

/// <summary>The next token of each sequence of a micro-batch.</summary>
internal static class NextTokens
{
    /// <summary>Stands for the token of logits that are not numbers.</summary>
    public const int NotFinite = -1;

    /// <summary>A token for each row.</summary>
    /// <param name="logits">[sequences (and filler), vocabulary]; may be overwritten.</param>
    /// <param name="rows">The sequences, in row order.</param>
    public static int[] Choose(Tensor logits, IReadOnlyList<(int Slot, Sequence Sequence)> rows)
    {
        using var scope = NewDisposeScope();
        var (largest, indexes) = logits.max(-1);
        // The largest of logits with NaN among them is NaN.
        var likeliest = indexes.masked_fill(largest.isfinite().logical_not(), NotFinite).cpu().data<long>();
        var tokens = new int[rows.Count];
        var drawn = new List<long>();
        for (var row = 0; row < rows.Count; row++)
        {
            tokens[row] = (int)likeliest[row];
            if (tokens[row] != NotFinite && rows[row].Sequence.NeedsLogits)
            {
                drawn.Add(row);
            }
        }

        if (drawn.Count > 0)
        {
            // One copy from the device for all of them.
            var wanted = drawn.Count == rows.Count ? logits : logits.index_select(0, tensor(drawn).to(logits.device));
            Draw(wanted.to(ScalarType.Float32).cpu().contiguous(), [.. drawn.Select(row => (int)row)], rows, tokens);
        }

        return tokens;
    }

    /// <param name="logits">[drawn (and filler), vocabulary], float32 in host memory.</param>
    /// <param name="drawn">Their rows.</param>
    /// <param name="rows">The sequences of all rows.</param>
    /// <param name="tokens">Takes the tokens, each at its row.</param>
    private static unsafe void Draw(Tensor logits, int[] drawn, IReadOnlyList<(int Slot, Sequence Sequence)> rows, int[] tokens)
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

        void DrawOne(int n) => tokens[drawn[n]] = rows[drawn[n]].Sequence.Choose(new((float*)address + ((long)n * vocabulary), vocabulary));
    }
}
