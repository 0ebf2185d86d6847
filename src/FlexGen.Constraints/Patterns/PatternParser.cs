using System.Globalization;
using FlexGen.Constraints.Regexes;
using FlexGen.Schemas;

namespace FlexGen.Constraints.Patterns;

/// <summary>
/// Reads a pattern of ECMA-262, over code points. Characters that need no escape may have one, and brackets that close nothing stand for themselves.
/// </summary>
/// <param name="pattern">The pattern.</param>
internal sealed class PatternParser(string pattern) : PatternReader(pattern)
{
    private int depth;

    /// <exception cref="PatternException">It is no pattern, or one that no automaton can do.</exception>
    public PatternTree Parse()
    {
        var tree = ReadChoice();
        return IsAtEnd ? tree : throw Wrong("the bracket ')' closes nothing");
    }

    private PatternTree ReadChoice()
    {
        if (++depth > MaxDepth)
        {
            throw Wrong($"groups are more than {MaxDepth} deep");
        }

        var alternatives = new List<PatternTree>();
        var terms = new List<PatternTree>();
        while (!IsAtEnd && Next != ')')
        {
            if (Take("|"))
            {
                alternatives.Add(new PatternTree(PatternKind.Sequence, [.. terms]));
                terms.Clear();
            }
            else
            {
                terms.Add(ReadTerm());
            }
        }

        depth--;
        var last = new PatternTree(PatternKind.Sequence, [.. terms]);
        return alternatives.Count == 0 ? last : new PatternTree(PatternKind.Choice, [.. alternatives, last]);
    }

    private PatternTree ReadTerm()
    {
        var term = ReadAssertion() is { } assertion ? assertion : ReadAtom();
        return ReadQuantifier(term);
    }

    private PatternTree? ReadAssertion()
    {
        if (Take("^"))
        {
            return new PatternTree(PatternKind.Start);
        }

        if (Take("$"))
        {
            return new PatternTree(PatternKind.End);
        }

        if (Take(@"\b") || Take(@"\B"))
        {
            return new PatternTree(PatternKind.WordBound) { IsNegated = Pattern[At - 1] == 'B' };
        }

        if (Take("(?=") || Take("(?!"))
        {
            var isNegated = Pattern[At - 1] == '!';
            return new PatternTree(PatternKind.LookAhead, ReadGroup()) { IsNegated = isNegated };
        }

        return Take("(?<=") || Take("(?<!") ? throw Wrong("what looks behind is not supported") : null;
    }

    private PatternTree ReadAtom()
    {
        switch (Next)
        {
            case '(':
                return ReadOpening();
            case '[':
                return Single(ReadClass());
            case '.':
                At++;
                return Single(CodePoints.NoLineEnd);
            case '\\':
                return ReadClassEscape() is { } set ? Single(set) : Single(ReadCharacterEscape(inClass: false));
            case '*' or '+' or '?':
                throw Wrong($"the quantifier '{Next}' has nothing to repeat");
            case '{' when LooksLikeQuantifier():
                throw Wrong("a quantifier has nothing to repeat");
            default:
                return Single(ReadCodePoint());
        }
    }

    private PatternTree ReadOpening()
    {
        if (Take("(?:"))
        {
            return ReadGroup();
        }

        if (!Take("(?"))
        {
            At++;
            return ReadGroup();
        }

        var end = Take("<") ? Pattern.IndexOf('>', At) : -1;
        if (end <= At || !Pattern[At..end].All(c => char.IsLetterOrDigit(c) || c is '_' or '$') || char.IsDigit(Pattern[At]))
        {
            throw Wrong("groups begin with (, (?:, (?=, (?! or (?<name>");
        }

        At = end + 1;
        return ReadGroup();
    }

    private PatternTree ReadGroup()
    {
        var start = At;
        var tree = ReadChoice();
        return Take(")") ? tree : throw Wrong($"the group that begins before character {start} is not closed");
    }

    private PatternTree ReadQuantifier(PatternTree term)
    {
        var times = Next switch
        {
            '*' => (0, RegexAlgebra.Endless),
            '+' => (1, RegexAlgebra.Endless),
            '?' => (0, 1),
            '{' when LooksLikeQuantifier() => ReadCounts(),
            _ => (-1, -1),
        };
        if (times.Item1 < 0)
        {
            return term;
        }

        if (term.Kind is PatternKind.Start or PatternKind.End or PatternKind.WordBound or PatternKind.LookAhead)
        {
            throw Wrong($"the quantifier '{Next}' has nothing to repeat");
        }

        At++;
        Take("?");
        if (!IsAtEnd && ("*+?".Contains(Next) || LooksLikeQuantifier()))
        {
            throw Wrong($"the quantifier '{Next}' has nothing to repeat");
        }

        return new PatternTree(PatternKind.Repeat, term) { Times = times };
    }

    // Leaves the closing brace to be read.
    private (int, int) ReadCounts()
    {
        var end = Pattern.IndexOf('}', At);
        var bounds = Pattern[(At + 1)..end].Split(',');
        var min = bounds[0].Length == 0 ? throw Wrong("a repetition needs its least number: write {0,n}") : Count(bounds[0]);
        var max = bounds.Length == 1 ? min : bounds[1].Length == 0 ? RegexAlgebra.Endless : Count(bounds[1]);
        At = end;
        return min <= max ? (min, max) : throw Wrong("the numbers of a repetition are out of order");
    }

    private int Count(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count < RegexAlgebra.Endless
            ? count
            : throw Wrong("a repetition is too large");

    private static PatternTree Single(CodePoints points) => new(PatternKind.Set) { Set = CodePointSet.Of(points.Ranges) };

    private static PatternTree Single(int point) => new(PatternKind.Set) { Set = CodePointSet.Of(point) };
}
