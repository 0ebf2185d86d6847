using System.Globalization;
using System.Text;
using FlexGen.Schemas;

namespace FlexGen.Dataflow.Checks.Patterns;

/// <summary>
/// Reads an ECMA-262 pattern with the flag u and writes the .NET expression that matches the same texts. Characters that need no
/// escape may have one, and brackets that close nothing stand for themselves, as without the flag; what would then mean another thing
/// than with it is refused.
/// </summary>
/// <param name="pattern">The pattern.</param>
/// <param name="output">Takes the expression; null to check only.</param>
internal sealed class PatternParser(string pattern, StringBuilder? output) : PatternReader(pattern)
{
    // Capturing, for .NET 10 takes (?:a+|)+ for something that does not match the empty text.
    private const string Group = "(";
    private const string WordUnit = "[0-9A-Za-z_]";

    private int depth;

    /// <summary>It has what only a backtracking engine does.</summary>
    public bool LooksAround { get; private set; }

    /// <exception cref="PatternException">It is no Pattern.</exception>
    public void Parse()
    {
        ReadAlternatives();
        if (!IsAtEnd)
        {
            throw Wrong("the bracket ')' closes nothing");
        }
    }

    private void ReadAlternatives()
    {
        if (++depth > MaxDepth)
        {
            throw Wrong($"groups are more than {MaxDepth} deep");
        }

        while (!IsAtEnd && Next != ')')
        {
            if (Take("|"))
            {
                output?.Append('|');
            }
            else
            {
                ReadTerm();
            }
        }

        depth--;
    }

    private void ReadTerm()
    {
        if (ReadAssertion())
        {
            if (!IsAtEnd && "*+?".Contains(Next))
            {
                throw Wrong($"the quantifier '{Next}' has nothing to repeat");
            }

            return;
        }

        ReadAtom();
        ReadQuantifier();
    }

    private bool ReadAssertion()
    {
        if (Take("^"))
        {
            output?.Append('^');
        }
        else if (Take("$"))
        {
            output?.Append(@"\z");
        }
        else if (Take(@"\b"))
        {
            LooksAround = true;
            output?.Append($"(?:(?<={WordUnit})(?!{WordUnit})|(?<!{WordUnit})(?={WordUnit}))");
        }
        else if (Take(@"\B"))
        {
            LooksAround = true;
            output?.Append($"(?:(?<={WordUnit})(?={WordUnit})|(?<!{WordUnit})(?!{WordUnit}))");
        }
        else if (TakeAny("(?=", "(?!", "(?<=", "(?<!") is { } opening)
        {
            LooksAround = true;
            ReadGroup(opening);
        }
        else
        {
            return false;
        }

        return true;
    }

    private void ReadAtom()
    {
        switch (Next)
        {
            case '(':
                ReadOpening();
                break;
            case '[':
                ReadClass().Write(output);
                break;
            case '.':
                At++;
                CodePoints.NoLineEnd.Write(output);
                break;
            case '\\':
                (ReadClassEscape() ?? Single(ReadCharacterEscape(inClass: false))).Write(output);
                break;
            case '*' or '+' or '?':
                throw Wrong($"the quantifier '{Next}' has nothing to repeat");
            case '{' when LooksLikeQuantifier():
                throw Wrong("a quantifier has nothing to repeat");
            default:
                Single(ReadCodePoint()).Write(output);
                break;
        }
    }

    private void ReadOpening()
    {
        if (Take("(?:"))
        {
            ReadGroup(Group);
            return;
        }

        if (Take("(?"))
        {
            if (!Take("<"))
            {
                throw Wrong("groups begin with (, (?:, (?=, (?!, (?<=, (?<! or (?<name>");
            }

            var end = Pattern.IndexOf('>', At);
            var name = end < 0 ? "" : Pattern[At..end];
            if (name.Length == 0 || !name.All(c => char.IsLetterOrDigit(c) || c is '_' or '$') || char.IsDigit(name[0]))
            {
                throw Wrong("a group's name is missing or has other characters than letters, digits, _ and $");
            }

            At = end + 1;
        }
        else
        {
            At++;
        }

        ReadGroup(Group);
    }

    private void ReadGroup(string opening)
    {
        var start = At;
        output?.Append(opening);
        ReadAlternatives();
        if (!Take(")"))
        {
            throw Wrong($"the group that begins before character {start} is not closed");
        }

        output?.Append(')');
    }

    private void ReadQuantifier()
    {
        if (IsAtEnd || (!"*+?".Contains(Next) && !LooksLikeQuantifier()))
        {
            return;
        }

        if (Next == '{')
        {
            var end = Pattern.IndexOf('}', At);
            var bounds = Pattern[(At + 1)..end].Split(',');
            if (bounds[0].Length == 0)
            {
                throw Wrong("a repetition needs its least number: write {0,n}");
            }

            int[] counts = [.. bounds.Where(bound => bound.Length > 0).Select(Count)];
            if (counts is [int least, int most] && least > most)
            {
                throw Wrong("the numbers of a repetition are out of order");
            }

            output?.Append(Pattern[At..(end + 1)]);
            At = end + 1;
        }
        else
        {
            output?.Append(Next);
            At++;
        }

        if (Take("?"))
        {
            output?.Append('?');
        }

        if (!IsAtEnd && ("*+?".Contains(Next) || LooksLikeQuantifier()))
        {
            throw Wrong($"the quantifier '{Next}' has nothing to repeat");
        }
    }

    private int Count(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : throw Wrong("a repetition is too large");

    private string? TakeAny(params string[] expected) => Array.Find(expected, Take);

    protected override string Shown(string part) => Excerpt.Of(part);

    private static CodePoints Single(int point) => new([(point, point)]);
}
