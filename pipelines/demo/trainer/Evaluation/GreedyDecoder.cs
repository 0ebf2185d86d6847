using FlexGen.Demo.Data;
using FlexGen.Demo.Network;
using FlexGen.Demo.Tokenization;
using FlexGen.Tokenizers;
using static TorchSharp.torch;

namespace FlexGen.Demo.Evaluation;

/// <summary>Greedy decoding without a cache: each step computes all tokens anew, which a small model on a GPU does not mind.</summary>
internal sealed class GreedyDecoder(DemoModel model, Tokenizer tokenizer)
{
    private const int MaxNewTokens = 64;
    private const int BatchSize = 256;

    /// <summary>What the model answers to each record's prompt, up to a line's end or the end of the sequence.</summary>
    public string[] Complete(IReadOnlyList<DemoRecord> records)
    {
        var outputs = new string[records.Count];
        var prompts = records.Select((record, index) => (Tokens: tokenizer.Encode(record.Prompt), index)).OrderBy(p => p.Tokens.Length);
        foreach (var group in prompts.Chunk(BatchSize))
        {
            var sequences = group.Select(p => p.Tokens.ToList()).ToArray();
            Extend(sequences);
            for (var s = 0; s < group.Length; s++)
            {
                var text = tokenizer.Decode([.. sequences[s].Skip(group[s].Tokens.Length)]);
                outputs[group[s].index] = text.Split('\n')[0].Trim();
            }
        }

        return outputs;
    }

    private void Extend(List<int>[] sequences)
    {
        using var noGradient = no_grad();
        var open = sequences;
        for (var n = 0; n < MaxNewTokens && open.Length > 0; n++)
        {
            var next = NextTokens(open);
            for (var s = 0; s < open.Length; s++)
            {
                open[s].Add((int)next[s]);
            }

            open = [.. open.Where(s => s[^1] != TokenizerFiles.EndOfSequence && s.Count < model.ContextLength)];
        }
    }

    private long[] NextTokens(List<int>[] sequences)
    {
        using var scope = NewDisposeScope();
        var length = sequences.Max(s => s.Count);
        var tokens = new long[sequences.Length * length];
        Array.Fill(tokens, TokenizerFiles.Padding);
        var rows = new long[sequences.Length];
        for (var s = 0; s < sequences.Length; s++)
        {
            for (var i = 0; i < sequences[s].Count; i++)
            {
                tokens[(s * length) + i] = sequences[s][i];
            }

            rows[s] = (s * length) + sequences[s].Count - 1;
        }

        var logits = model.Logits(tensor(tokens, device: model.Device), sequences.Length, tensor(rows, device: model.Device));
        return [.. logits.argmax(-1).cpu().data<long>()];
    }
}
