using System.Text.Json;
using FlexGen.Engine;
using FlexGen.Tokenizers;

namespace FlexGen.Worker.Generation;

/// <summary>Makes the text of one sequence's tokens, as they come, and says what they may be.</summary>
internal sealed class OutputText
{
    private readonly CompletionForm form;
    private readonly int[] prompt;
    private readonly StopMatcher matcher;
    private readonly ReasoningSplit? split;
    private readonly ConstrainedRule? constrained;
    private readonly bool isOpen;

    public OutputText(CompletionForm form, Tokenizer tokenizer, int[] prompt)
    {
        (this.form, this.prompt) = (form, prompt);
        matcher = new StopMatcher(form.Stops, tokenizer.CreateDecoder());
        isOpen = form.Reasoning?.AreOpenAfter(prompt, tokenizer.CreateDecoder().BytesOf) == true;
        split = form.Reasoning is null ? null : new ReasoningSplit(form.Reasoning, isOpen, tokenizer.CreateDecoder(), matcher);
        constrained = form.Constraint is null ? null : new ConstrainedRule(form.Constraint.Begin(), form.ClosesInTime);
    }

    /// <summary>What the engine asks; null: all tokens may come.</summary>
    /// <param name="ends">The tokens that end the sequence.</param>
    public ITokenRule? Rule(IReadOnlyCollection<int> ends) => constrained is null || form.Reasoning is not { } tokens
        ? constrained
        : new ReasonedRule(constrained, tokens, isOpen, ends, form.Reserve);

    /// <summary>Takes the next token; true when the text now holds a stop string.</summary>
    public bool Append(int token) => split?.Append(token) ?? matcher.Append(token);

    /// <summary>What became of the sequence.</summary>
    /// <param name="sequence">As the engine gives it.</param>
    /// <param name="room">Tokens that a slot holds.</param>
    public GeneratedText Finish(GeneratedSequence sequence, int room)
    {
        var (text, reasoning) = split?.Finish() ?? (matcher.Finish(), null);
        return new GeneratedText(sequence.TokenIds, text, matcher.Stopped ? FinishReason.Stop : sequence.FinishReason, sequence.Logits)
        {
            Reasoning = reasoning,
            LogProbabilities = sequence.LogProbabilities,
            Incomplete = constrained is null ? null : Incomplete(text, sequence.TokenIds.Count, room),
        };
    }

    private string? Incomplete(string text, int count, int room)
    {
        if (matcher.Stopped)
        {
            return IsJson(text) ? null
                : $"the output was cut after {count} tokens by a text of generation.stop before it was whole: leave that out, since a constrained output "
                + "ends by itself.";
        }

        return constrained!.IsWhole ? null
            : count >= form.Options.MaxNewTokens
            ? $"the output is not whole after {count} tokens, which are all that generation.maxNewTokens allows: raise it, or ask for less."
            : $"the output is not whole after {count} tokens, for which a slot of {room} has room after a prompt of {prompt.Length}: raise the maximum "
                + "sequence length if the model's context allows it, shorten the prompt, or ask for less.";
    }

    private static bool IsJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return true;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return false;
        }
    }
}
