using FlexGen.Constraints.Running;
using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints;

/// <summary>Where one sequence is in what its constraint allows. Not thread-safe; different ones may be used at the same time.</summary>
public sealed class TokenRule
{
    /// <summary>More ways to read a text than these are not followed: what only those would allow is not allowed.</summary>
    private const int MostPositions = 256;

    private readonly ConstraintProgram program;
    private readonly TokenBytes tokens;
    private List<Position> positions;

    internal TokenRule(ConstraintProgram program, TokenBytes tokens)
    {
        this.program = program;
        this.tokens = tokens;
        positions = [program.Start];
    }

    /// <summary>The text so far is whole: the sequence may end here.</summary>
    public bool MayEnd => positions.Exists(IsWhole);

    /// <summary>Nothing but the end is allowed.</summary>
    public bool IsOver => positions.TrueForAll(position => position.Lex is null ? IsWhole(position) : IsWhole(position) && !position.Lex.Mask.HasInner);

    /// <summary>
    /// Says which tokens may be next. Tokens that end the sequence may where <see cref="MayEnd"/>. A token of which the shortest way to the end of the
    /// document takes more tokens than are left is not allowed, where there is another.
    /// </summary>
    /// <param name="mask">Takes a bit for each id: bit id%32 of word id/32. Bits past the vocabulary are 0.</param>
    /// <param name="remaining">How many tokens are left, the one that ends the sequence not counted.</param>
    public void Fill(Span<uint> mask, int remaining)
    {
        var limit = program.ClosesInTime ? remaining - 1 : int.MaxValue;
        if (!TryFill(mask, limit) && limit < int.MaxValue && !TryFill(mask, positions.Min(program.Stepper.Cost) - 1))
        {
            TryFill(mask, int.MaxValue);
        }

        if (MayEnd)
        {
            TokenSet.Add(mask, tokens.EndOfSequence);
        }
    }

    /// <summary>Takes a token that the mask allowed.</summary>
    /// <returns>False, and nothing changes, where it did not.</returns>
    public bool Take(int token)
    {
        if (token < 0 || token >= tokens.Size || program.Vocabulary.Tokens[token] is not { Length: > 0 } bytes)
        {
            return false;
        }

        var next = After(bytes);
        positions = next.Count > 0 ? next : positions;
        return next.Count > 0;
    }

    /// <summary>The tokens that are forced from here, in order. They are not taken yet.</summary>
    /// <param name="forced">Takes them, as many as fit.</param>
    /// <returns>How many.</returns>
    public int Forced(Span<int> forced) => positions.Count == 0 ? forced.Length : 0;

    private static bool IsWhole(Position position) =>
        position.Frame is null && (position.Kind == PositionKind.After || position is { Kind: PositionKind.Scalar, Lex.AcceptTag: >= 0 });

    private List<Position> After(ReadOnlySpan<byte> bytes)
    {
        var next = new List<Position>();
        foreach (var position in positions)
        {
            program.Stepper.Advance(position, bytes, next);
        }

        if (next.Count > 1)
        {
            next = [.. next.Distinct().Take(MostPositions)];
        }

        return next;
    }

    private bool TryFill(Span<uint> mask, int limit)
    {
        mask.Clear();
        var isFilled = MayEnd;
        foreach (var position in positions)
        {
            isFilled |= AddTokens(position, mask, limit);
        }

        return isFilled;
    }

    private bool AddTokens(Position position, Span<uint> mask, int limit)
    {
        var allowed = program.MaskOf(position);
        var isFilled = false;
        if (allowed.Text is { HasInner: true } text)
        {
            if (limit == int.MaxValue || MostCostWithin(position, text.InnerCost) <= limit)
            {
                text.AddInner(mask);
                isFilled = true;
            }
            else
            {
                MaskMaker.AddInner(position, program.Vocabulary.Trie, limit, mask);
                isFilled = mask.ContainsAnyExcept(0u);
            }
        }

        if (allowed.MostCost <= limit)
        {
            TokenSet.Add(mask, allowed.Tokens);
            isFilled |= allowed.Tokens.Length > 0;
        }
        else
        {
            for (var i = 0; i < allowed.Tokens.Length; i++)
            {
                if (allowed.Costs[i] <= limit)
                {
                    TokenSet.Add(mask, allowed.Tokens[i]);
                    isFilled = true;
                }
            }
        }

        foreach (var token in allowed.Unsure)
        {
            var after = new List<Position>();
            program.Stepper.Advance(position, program.Vocabulary.Tokens[token], after);
            if (after.Count > 0 && after.Min(program.Stepper.Cost) <= limit)
            {
                TokenSet.Add(mask, token);
                isFilled = true;
            }
        }

        return isFilled;
    }

    private static long MostCostWithin(Position position, int text) => position.Kind == PositionKind.Name
        ? (long)text + ((ObjectFrame)position.Frame!).MostCostAfter
        : text + (position.Frame?.Cost ?? 0);
}
