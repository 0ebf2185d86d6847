namespace FlexGen.Constraints.Lexing;

// Tokens of a text whose length has a limit that is far off: mostly those of the same text without it, and that is the same at many places.
internal sealed partial class LexAutomaton
{
    /// <summary>Where fewer code points are left for sure, all tokens are looked at.</summary>
    private const int LeastSure = 8;

    private LexMask? UnlimitedMaskOf(OwnState state)
    {
        LexState wide;
        int limit;
        lock (gate)
        {
            if (state.Chars.Parts is not [var (tag, left)] || Algebra.Unlimited(left) is not ({ } language, < int.MaxValue and var least))
            {
                return null;
            }

            var chars = Known(Chars([(tag, language)])!);
            wide = state.Form.Place == LexPlace.Body ? Body(chars, state.Form.Mode) : State(chars, state.Form);
            limit = least;
        }

        var mask = wide.Mask;
        // Longer tokens may be too long, some by themselves, others with what must follow them.
        var sure = Math.Min(limit, limit - mask.MostDistance);
        if (sure < LeastSure)
        {
            return null;
        }

        var tooLong = new List<int>();
        var ends = new List<LexState>();
        foreach (var token in vocabulary.LongerThan(sure))
        {
            if (!mask.Contains(token))
            {
                continue;
            }

            if (state.Form.Mode == LexMode.Raw)
            {
                // There it may be allowed in one way and not in another.
                return null;
            }

            if (After(state, vocabulary.Tokens[token]!) is { } end)
            {
                ends.Add(end);
            }
            else
            {
                tooLong.Add(token);
            }
        }

        return mask.Without([.. tooLong], new(() => ends.Where(end => !end.IsClosed).Select(end => end.Cost).Append(mask.InnerCost).Max()));
    }

    // Where a token leads; to the end of the text where it has that.
    private static LexState? After(LexState state, byte[] token)
    {
        var at = state;
        foreach (var value in token)
        {
            if (at is null or { IsClosed: true })
            {
                break;
            }

            at = at.Next(value);
        }

        return at;
    }

    /// <summary>Code points of a shortest rest of a text.</summary>
    private int DistanceOf(LexState state)
    {
        lock (gate)
        {
            return Algebra.Distance(state.Chars.Parts[0].Left) + (state.Form.Place == LexPlace.Body ? 0 : 1);
        }
    }
}
