using FlexGen.Engine;

namespace FlexGen.Worker.Generation;

/// <summary>
/// A rule that holds for the output after reasoning, which is free. The model may begin with reasoning or without; once it has ended it does not come again.
/// </summary>
/// <param name="output">The output's rule.</param>
/// <param name="tokens">The tokens around reasoning.</param>
/// <param name="isOpen">Whether the prompt began it.</param>
/// <param name="ends">The tokens that end a sequence, which may not come within reasoning.</param>
/// <param name="reserve">How many tokens are kept for the output.</param>
internal sealed class ReasonedRule(ITokenRule output, ReasoningTokens tokens, bool isOpen, IReadOnlyCollection<int> ends, int reserve) : ITokenRule
{
    private bool isWithin = isOpen;
    private bool mayBegin = !isOpen;

    public bool IsOver => !isWithin && output.IsOver;

    public void Fill(Span<uint> mask, int remaining)
    {
        if (!isWithin)
        {
            output.Fill(mask, remaining);
            // One token each for the beginning and the end.
            Set(mask, tokens.Begin, mayBegin && remaining > reserve + 2);
            return;
        }

        var isFree = remaining > reserve + 1;
        mask.Fill(isFree ? uint.MaxValue : 0);
        Set(mask, tokens.End, true);
        foreach (var end in isFree ? ends.Append(tokens.Begin) : [])
        {
            Set(mask, end, false);
        }
    }

    public bool Take(int token)
    {
        if (isWithin || (mayBegin && token == tokens.Begin))
        {
            isWithin = token != tokens.End;
            mayBegin = false;
            return true;
        }

        mayBegin = false;
        return output.Take(token);
    }

    private static void Set(Span<uint> mask, int token, bool isAllowed)
    {
        var bit = 1u << token;
        mask[token / 32] = isAllowed ? mask[token / 32] | bit : mask[token / 32] & ~bit;
    }
}
