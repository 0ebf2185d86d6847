using System.Runtime.InteropServices;
using System.Text;
using FlexGen.Constraints.Running;
using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints;

/// <summary>Where one sequence is in what its constraint allows. Not thread-safe; different ones may be used at the same time.</summary>
public sealed class TokenRule
{
    /// <summary>More ways to read a text than these are not followed: what only those would allow is not allowed.</summary>
    private const int MostPositions = 1024;

    /// <summary>Bytes of forced text that are looked ahead.</summary>
    private const int MostForced = 512;

    private readonly ConstraintProgram program;
    private readonly TokenBytes tokens;
    private List<Position> positions;

    // The tokens of the shortest way to the end, as far as it was looked for.
    private Queue<int> end = new();

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
        if (!TryFill(mask, limit) && limit < int.MaxValue)
        {
            // It is not enough as far as costs say, which are those of each part by itself; tokens that reach across them may do.
            mask.Clear();
            end = end.Count > 0 ? end : new(new ShortestEnd(program.Stepper, program.Vocabulary.Trie).Tokens(positions.MinBy(program.Stepper.Cost)!));
            if (end.TryPeek(out var token))
            {
                TokenSet.Add(mask, token);
            }
            else
            {
                TryFill(mask, positions.Min(LeastCost));
            }
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
        if (next.Count == 0)
        {
            return false;
        }

        positions = next;
        if (!end.TryDequeue(out var planned) || planned != token)
        {
            end.Clear();
        }

        return true;
    }

    /// <summary>
    /// The tokens that are forced from here, in order. They are not taken yet. Where only one text can follow, they are the tokenizer's own for it, as token by
    /// token under the same masks they would be, were each of them the likeliest; up to the first that would be a longer one if the free text behind the
    /// forced one began as that does: there the choice is the model's. So what is forced meets what is free where no token of the vocabulary reaches across.
    /// How many tokens are left does not count: where they are few, <see cref="Fill"/> may ask for a shorter way.
    /// </summary>
    /// <param name="forced">Takes them, as many as fit.</param>
    /// <returns>How many.</returns>
    public int Forced(Span<int> forced)
    {
        var run = ForcedBytes();
        var count = 0;
        var at = 0;
        foreach (var token in run.Count == 0 || tokens.Tokenize is null ? [] : tokens.Tokenize(WholeText(run)))
        {
            var bytes = program.Vocabulary.Tokens[token];
            if (count == forced.Length || bytes is not { Length: > 0 } || !CollectionsMarshal.AsSpan(run)[at..].StartsWith(bytes) || ReachesAcross(run, at))
            {
                break;
            }

            forced[count++] = token;
            at += bytes.Length;
        }

        return count;
    }

    /// <summary>A rule that is where this one is, and goes its own way.</summary>
    internal TokenRule Copy() => new(program, tokens) { positions = positions };

    // Bytes of which each is the only one that may follow. Where the text may end, none must.
    private List<byte> ForcedBytes()
    {
        var run = new List<byte>();
        var ahead = Copy();
        while (run.Count < MostForced && !ahead.MayEnd && ahead.OnlyByte() is { } only)
        {
            run.Add(only);
            ahead.positions = ahead.After([only]);
        }

        return run;
    }

    private byte? OnlyByte()
    {
        byte? only = null;
        for (var value = 0; value < 256; value++)
        {
            if (positions.Exists(position => program.Stepper.MayFollow(position, (byte)value)))
            {
                if (only is not null)
                {
                    return null;
                }

                only = (byte)value;
            }
        }

        return only;
    }

    private bool ReachesAcross(List<byte> run, int from)
    {
        var trie = program.Vocabulary.Trie;
        var node = TokenTrie.Root;
        for (var i = from; i < run.Count && node >= 0; i++)
        {
            node = trie.Child(node, run[i]);
        }

        return node >= 0 && trie.End[node] > node + 1;
    }

    private static string WholeText(List<byte> run)
    {
        var bytes = CollectionsMarshal.AsSpan(run);
        var decoder = Encoding.UTF8.GetDecoder();
        var text = new char[bytes.Length];
        // A character that is begun is left out.
        return new string(text, 0, decoder.GetChars(bytes, text, flush: false));
    }

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
            // The one that ends first is always among them.
            next = [.. next.Distinct()];
            next = next.Count <= MostPositions ? next : [.. next.OrderBy(program.Stepper.Cost).Take(MostPositions)];
        }

        return next;
    }

    private bool TryFill(Span<uint> mask, long limit)
    {
        mask.Clear();
        var isFilled = MayEnd;
        foreach (var position in positions)
        {
            isFilled |= AddTokens(position, mask, limit);
        }

        return isFilled;
    }

    private bool AddTokens(Position position, Span<uint> mask, long limit)
    {
        var allowed = program.MaskOf(position);
        var isFilled = false;
        if (allowed.Text is { HasInner: true } text)
        {
            if (limit >= int.MaxValue || MostCostWithin(position, text.InnerCost) <= limit)
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

    // The shortest way to the end after any token that is allowed.
    private long LeastCost(Position position)
    {
        var allowed = program.MaskOf(position);
        var least = allowed.Costs.Length > 0 ? allowed.Costs.Min() : long.MaxValue;
        foreach (var token in allowed.Unsure)
        {
            var after = new List<Position>();
            program.Stepper.Advance(position, program.Vocabulary.Tokens[token], after);
            least = Math.Min(least, after.Count > 0 ? after.Min(program.Stepper.Cost) : long.MaxValue);
        }

        return allowed.Text is { HasInner: true } ? Math.Min(least, MaskMaker.LeastInner(position, program.Vocabulary.Trie)) : least;
    }

    private static long MostCostWithin(Position position, int text)
    {
        if (position.Kind != PositionKind.Name)
        {
            return text + (position.Frame?.Cost ?? 0);
        }

        var frame = (ObjectFrame)position.Frame!;
        return Math.Max((long)text + frame.MostCostAfter, position.Taken is null ? 0 : frame.TakenCosts.Most(frame.Names!, frame.Taken!));
    }
}
