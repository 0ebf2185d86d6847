using System.Globalization;
using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Patterns;

// Classes and escapes.
internal sealed partial class PatternParser
{
    private CodePointSet ReadClass()
    {
        at++;
        var isNegated = Take("^");
        var ranges = new List<(int, int)>();
        while (!Take("]"))
        {
            if (IsAtEnd)
            {
                throw Wrong("a class is not closed");
            }

            var (first, firstSet) = ReadMember();
            if (Next == '-' && at + 1 < pattern.Length && pattern[at + 1] != ']')
            {
                at++;
                var (last, lastSet) = ReadMember();
                if (firstSet is null && lastSet is null)
                {
                    ranges.Add(first <= last ? (first, last) : throw Wrong("the ends of a range are out of order"));
                    continue;
                }

                ranges.Add(('-', '-'));
                ranges.AddRange(lastSet?.Ranges ?? [(last, last)]);
            }

            ranges.AddRange(firstSet?.Ranges ?? [(first, first)]);
        }

        var set = CodePointSet.Of(ranges);
        return isNegated ? set.Complement() : set;
    }

    private (int Point, CodePointSet? Set) ReadMember()
    {
        if (Next != '\\')
        {
            return (ReadCodePoint(), null);
        }

        return ReadClassEscape() is { } set ? (0, set) : (ReadCharacterEscape(inClass: true), null);
    }

    /// <summary>An escape that stands for a set; null, and nothing read, where it is none.</summary>
    private CodePointSet? ReadClassEscape()
    {
        var kind = at + 1 < pattern.Length ? pattern[at + 1] : '\0';
        var set = char.ToLowerInvariant(kind) switch
        {
            'd' => CodePointSet.Digits,
            'w' => CodePointSet.Word,
            's' => CodePointSet.Space,
            'p' => ReadProperty(),
            _ => null,
        };
        if (set is null)
        {
            return null;
        }

        at += char.ToLowerInvariant(kind) == 'p' ? 0 : 2;
        return char.IsUpper(kind) ? set.Complement() : set;
    }

    private CodePointSet ReadProperty()
    {
        var end = pattern.IndexOf('}', at);
        if (at + 2 >= pattern.Length || pattern[at + 2] != '{' || end < 0)
        {
            throw Wrong(@"\p needs a property in braces");
        }

        var name = pattern[(at + 3)..end];
        var set = UnicodeCategories.Find(name) ?? throw Wrong($"the property '{name}' is not known; general categories are, such as Letter or Nd");
        at = end + 1;
        return set;
    }

    private int ReadCharacterEscape(bool inClass)
    {
        at++;
        if (IsAtEnd)
        {
            throw Wrong("a backslash is followed by nothing");
        }

        var kind = pattern[at++];
        switch (kind)
        {
            case 't': return '\t';
            case 'n': return '\n';
            case 'v': return '\v';
            case 'f': return '\f';
            case 'r': return '\r';
            case 'b' when inClass: return '\b';
            case '0' when !char.IsAsciiDigit(Next): return 0;
            case 'c' when char.IsAsciiLetter(Next): return pattern[at++] % 32;
            case 'x' when Hex(2) is { } point: return point;
            case 'u': return ReadUnicodeEscape();
            case 'k' or >= '1' and <= '9': throw Wrong("references to groups are not supported");
        }

        at--;
        return char.IsAsciiLetterOrDigit(kind) ? throw Wrong($@"the escape \{kind} is not of ECMA-262") : ReadCodePoint();
    }

    private int ReadUnicodeEscape()
    {
        if (Next == '{')
        {
            var end = pattern.IndexOf('}', at);
            var digits = pattern.AsSpan(at + 1, Math.Max(0, end - at - 1));
            var isPoint = int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var point);
            at = end + 1;
            return isPoint && point is >= 0 and <= CodePointSet.Last ? point : throw Wrong(@"\u{...} has no code point");
        }

        var first = Hex(4) ?? throw Wrong(@"\u needs four hexadecimal digits");
        var afterFirst = at;
        if (char.IsHighSurrogate((char)first) && Take(@"\u") && Hex(4) is { } second && char.IsLowSurrogate((char)second))
        {
            return char.ConvertToUtf32((char)first, (char)second);
        }

        at = afterFirst;
        return first;
    }

    private int? Hex(int digits)
    {
        if (at + digits > pattern.Length || !pattern.AsSpan(at, digits).ToString().All(char.IsAsciiHexDigit))
        {
            return null;
        }

        var value = int.Parse(pattern.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        at += digits;
        return value;
    }

    private int ReadCodePoint()
    {
        var point = at + 1 < pattern.Length && char.IsSurrogatePair(pattern[at], pattern[at + 1]) ? char.ConvertToUtf32(pattern, at) : pattern[at];
        at += point > char.MaxValue ? 2 : 1;
        return point;
    }
}
