using FlexGen.Demo.Data;
using FlexGen.Demo.Tokenization;
using FlexGen.Tokenizers;
using static TorchSharp.torch;

namespace FlexGen.Benchmarks.Quantization;

/// <summary>
/// How many of the demo's records are answered exactly. The right answer is given and each of its tokens must be the likeliest after those before it, which is what
/// greedy decoding finds, in one pass. A prompt attends to its exact keys and values, an answer's tokens to rounded ones, those of the prompt and their own.
/// </summary>
internal static class DemoAnswers
{
    /// <param name="Tokens">The prompt's and the answer's, the end of the sequence last.</param>
    /// <param name="PromptLength">How many are the prompt's.</param>
    public sealed record Answer(int[] Tokens, int PromptLength);

    /// <summary>Records as tokens, those of one length together.</summary>
    public static IReadOnlyList<Answer> Read(Tokenizer tokenizer, IEnumerable<DemoRecord> records) =>
    [
        .. records.Select(record =>
        {
            var (prompt, completion) = (tokenizer.Encode(record.Prompt), tokenizer.Encode(record.Completion));
            // What a text begins with is no part of its continuation.
            var answer = completion.SkipWhile(id => id == TokenizerFiles.EndOfSequence);
            return new Answer([.. prompt, .. answer, TokenizerFiles.EndOfSequence], prompt.Length);
        }).OrderBy(a => a.Tokens.Length),
    ];

    /// <summary>Exact answers, and the mean of -log p over the answers' tokens.</summary>
    public static (int Exact, double Loss) Score(WholeSequences model, IReadOnlyList<Answer> answers, GroupRounding? keys, GroupRounding? values)
    {
        var (exact, loss, tokens) = (0, 0.0, 0);
        foreach (var batch in answers.GroupBy(a => a.Tokens.Length).SelectMany(g => g.Chunk(32)))
        {
            using var scope = NewDisposeScope();
            var isAnswer = stack(batch.Select(a => arange(a.Tokens.Length).ge(a.PromptLength))).view(batch.Length, 1, -1, 1);
            var logits = model.Logits([.. batch.Select(a => a.Tokens)], (query, key, value, scale) =>
            {
                var whole = CausalAttention.Attend(query, key, value, scale);
                return keys is null && values is null
                    ? whole
                    : where(isAnswer, CausalAttention.Attend(query, keys?.Apply(key) ?? key, values?.Apply(value) ?? value, scale), whole);
            });
            for (var i = 0; i < batch.Length; i++)
            {
                var (first, count) = (batch[i].PromptLength - 1, batch[i].Tokens.Length - batch[i].PromptLength);
                var right = tensor(batch[i].Tokens.Skip(batch[i].PromptLength).Select(id => (long)id).ToArray());
                var of = logits[i].narrow(0, first, count).log_softmax(-1);
                exact += of.argmax(-1).eq(right).all().item<bool>() ? 1 : 0;
                loss -= of.gather(1, right.unsqueeze(1)).sum().item<float>();
                tokens += count;
            }
        }

        return (exact, loss / tokens);
    }
}
