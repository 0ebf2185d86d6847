using System.Text;
using FlexGen.Tokenizers;

namespace FlexGen.Worker.Generation;

/// <summary>Tells a sequence's reasoning from its output, token by token.</summary>
/// <param name="tokens">The tokens around reasoning.</param>
/// <param name="isOpen">Whether the prompt began it.</param>
/// <param name="decoder">Decodes reasoning.</param>
/// <param name="output">Takes the output's tokens.</param>
internal sealed class ReasoningSplit(ReasoningTokens tokens, bool isOpen, IncrementalDecoder decoder, StopMatcher output)
{
    private readonly StringBuilder reasoning = new();
    private bool isWithin = isOpen;
    private bool wasWithin = isOpen;

    /// <summary>Takes the next token; true when the output now holds a stop string.</summary>
    public bool Append(int token)
    {
        if (token == tokens.Begin || token == tokens.End)
        {
            isWithin = token == tokens.Begin;
            wasWithin = true;
            reasoning.Append(decoder.Flush());
            return false;
        }

        if (!isWithin)
        {
            return output.Append(token);
        }

        reasoning.Append(decoder.Append(token));
        return false;
    }

    /// <summary>The output without the line ends after reasoning, and the reasoning; null where there was none.</summary>
    public (string Output, string? Reasoning) Finish()
    {
        reasoning.Append(decoder.Flush());
        var text = output.Finish();
        return wasWithin ? (text.TrimStart('\n', '\r'), reasoning.ToString().Trim()) : (text, null);
    }
}
