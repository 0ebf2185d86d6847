using System.Globalization;

namespace FlexGen.Schemas;

/// <summary>
/// Reads what patterns of ECMA-262 with the flag u have in common, whatever is made of them: characters, classes, escapes. Characters that need no escape may
/// have one.
/// </summary>
/// <param name="pattern">The pattern.</param>
internal abstract class PatternReader(string pattern)
{
    /// <summary>Groups within groups.</summary>
    protected const int MaxDepth = 200;

    /// <summary>The pattern.</summary>
    protected string Pattern => pattern;

    /// <summary>The character that is read next.</summary>
    protected int At { get; set; }

    protected char Next => At < pattern.Length ? pattern[At] : '\0';

    protected bool IsAtEnd => At >= pattern.Length;

    protected CodePoints ReadClass()
    {
        At++;
        var isNegated = Take("^");
        var ranges = new List<(int, int)>();
        RefuseNamedClass(At);
        while (!Take("]"))
        {
            if (IsAtEnd)
            {
                throw Wrong("a class is not closed");
            }

            var first = ReadClassMember();
            if (Next == '-' && At + 1 < pattern.Length && pattern[At + 1] != ']')
            {
                At++;
                var last = ReadClassMember();
                if (first.Point is { } from && last.Point is { } to)
                {
                    ranges.Add(from <= to ? (from, to) : throw Wrong("the ends of a range are out of order"));
                    continue;
                }

                ranges.Add(('-', '-'));
                ranges.AddRange(last.Ranges);
            }

            ranges.AddRange(first.Ranges);
        }

        var set = new CodePoints(ranges);
        return isNegated ? set.Complement() : set;
    }

    private ClassMember ReadClassMember()
    {
        if (Next == '[')
        {
            RefuseNamedClass(At + 1);
        }

        if (Next != '\\')
        {
            return new ClassMember(ReadCodePoint(), null);
        }

        return ReadClassEscape() is { } set ? new ClassMember(null, set) : new ClassMember(ReadCharacterEscape(inClass: true), null);
    }

    // [:alpha:] and the like, which are sets of single characters here.
    private void RefuseNamedClass(int colon)
    {
        var end = colon + 1;
        while (end < pattern.Length && char.IsAsciiLetter(pattern[end]))
        {
            end++;
        }

        if (colon < pattern.Length && pattern[colon] == ':' && end > colon + 1 && string.CompareOrdinal(pattern, end, ":]", 0, 2) == 0)
        {
            throw Wrong("classes such as [:alpha:] are not of ECMA-262");
        }
    }

    /// <summary>An escape that stands for a set; null, and nothing read, where it is none.</summary>
    protected CodePoints? ReadClassEscape()
    {
        var kind = At + 1 < pattern.Length ? pattern[At + 1] : '\0';
        var set = char.ToLowerInvariant(kind) switch
        {
            'd' => CodePoints.Digits,
            'w' => CodePoints.Word,
            's' => CodePoints.Space,
            'p' => ReadProperty(),
            _ => null,
        };
        if (set is null)
        {
            return null;
        }

        At += char.ToLowerInvariant(kind) == 'p' ? 0 : 2;
        return char.IsUpper(kind) ? set.Complement() : set;
    }

    private CodePoints ReadProperty()
    {
        var end = pattern.IndexOf('}', At);
        if (At + 2 >= pattern.Length || pattern[At + 2] != '{' || end < 0)
        {
            throw Wrong(@"\p needs a property in braces");
        }

        var name = pattern[(At + 3)..end];
        var property = UnicodeProperty.Find(name) ?? throw Wrong($"the property '{Shown(name)}' is not known; general categories are, "
            + "such as Letter or Nd");
        At = end + 1;
        return property;
    }

    protected int ReadCharacterEscape(bool inClass)
    {
        At++;
        if (IsAtEnd)
        {
            throw Wrong("a backslash is followed by nothing");
        }

        var kind = pattern[At++];
        switch (kind)
        {
            case 't': return '\t';
            case 'n': return '\n';
            case 'v': return '\v';
            case 'f': return '\f';
            case 'r': return '\r';
            case 'b' when inClass: return '\b';
            case '0' when !char.IsAsciiDigit(Next): return 0;
            case 'c' when char.IsAsciiLetter(Next): return pattern[At++] % 32;
            case 'x' when Hex(2) is { } point: return point;
            case 'u': return ReadUnicodeEscape();
            case 'k' or >= '1' and <= '9': throw Wrong("references to groups are not supported");
        }

        At--;
        return char.IsAsciiLetterOrDigit(kind) ? throw Wrong($@"the escape \{kind} is not of ECMA-262") : ReadCodePoint();
    }

    private int ReadUnicodeEscape()
    {
        if (Next == '{')
        {
            var end = pattern.IndexOf('}', At);
            var digits = pattern.AsSpan(At + 1, Math.Max(0, end - At - 1));
            var isPoint = int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var point);
            if (!isPoint || point is < 0 or > CodePoints.Last)
            {
                throw Wrong(@"\u{...} has no code point");
            }

            At = end + 1;
            return point;
        }

        var first = Hex(4) ?? throw Wrong(@"\u needs four hexadecimal digits");
        var afterFirst = At;
        if (char.IsHighSurrogate((char)first) && Take(@"\u") && Hex(4) is { } second && char.IsLowSurrogate((char)second))
        {
            return char.ConvertToUtf32((char)first, (char)second);
        }

        At = afterFirst;
        return first;
    }

    private int? Hex(int digits)
    {
        if (At + digits > pattern.Length || !pattern.AsSpan(At, digits).ToString().All(char.IsAsciiHexDigit))
        {
            return null;
        }

        var value = int.Parse(pattern.AsSpan(At, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        At += digits;
        return value;
    }

    protected int ReadCodePoint()
    {
        var point = At + 1 < pattern.Length && char.IsSurrogatePair(pattern[At], pattern[At + 1]) ? char.ConvertToUtf32(pattern, At) : pattern[At];
        At += point > char.MaxValue ? 2 : 1;
        return point;
    }

    // {n}, {n,}, {n,m} and {,m}, which other dialects take; any other brace stands for itself.
    protected bool LooksLikeQuantifier()
    {
        if (Next != '{')
        {
            return false;
        }

        var end = At + 1;
        var commas = 0;
        while (end < pattern.Length && (char.IsAsciiDigit(pattern[end]) || pattern[end] == ','))
        {
            commas += pattern[end++] == ',' ? 1 : 0;
        }

        return end < pattern.Length && pattern[end] == '}' && commas <= 1 && end - At - 1 > commas;
    }

    protected bool Take(string expected)
    {
        var isThere = string.CompareOrdinal(pattern, At, expected, 0, expected.Length) == 0;
        At += isThere ? expected.Length : 0;
        return isThere;
    }

    protected PatternException Wrong(string what) => new($"at character {Math.Min(At, pattern.Length)}, {what}");

    /// <summary>A part of the pattern as messages show it.</summary>
    protected virtual string Shown(string part) => part;

    /// <summary>A character, or the set that an escape stands for.</summary>
    private readonly record struct ClassMember(int? Point, CodePoints? Set)
    {
        public IEnumerable<(int, int)> Ranges => Point is { } point ? [(point, point)] : Set!.Ranges;
    }
}
