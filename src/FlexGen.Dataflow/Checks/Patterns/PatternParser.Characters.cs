using System.Globalization;

namespace FlexGen.Dataflow.Checks.Patterns;

// Classes and escapes.
internal sealed partial class PatternParser
{
    private CodePoints ReadClass()
    {
        at++;
        var isNegated = Take("^");
        var ranges = new List<(int, int)>();
        RefuseNamedClass(at);
        while (!Take("]"))
        {
            if (IsAtEnd)
            {
                throw Wrong("a class is not closed");
            }

            var first = ReadClassMember();
            if (Next == '-' && at + 1 < pattern.Length && pattern[at + 1] != ']')
            {
                at++;
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
            RefuseNamedClass(at + 1);
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
    private CodePoints? ReadClassEscape()
    {
        var kind = at + 1 < pattern.Length ? pattern[at + 1] : '\0';
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

        at += char.ToLowerInvariant(kind) == 'p' ? 0 : 2;
        return char.IsUpper(kind) ? set.Complement() : set;
    }

    private CodePoints ReadProperty()
    {
        var end = pattern.IndexOf('}', at);
        if (at + 2 >= pattern.Length || pattern[at + 2] != '{' || end < 0)
        {
            throw Wrong(@"\p needs a property in braces");
        }

        var name = pattern[(at + 3)..end];
        var property = UnicodeProperty.Find(name) ?? throw Wrong($"the property '{Excerpt.Of(name)}' is not known; general categories are, "
            + "such as Letter or Nd");
        at = end + 1;
        return property;
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
            if (!isPoint || point is < 0 or > CodePoints.Last)
            {
                throw Wrong(@"\u{...} has no code point");
            }

            at = end + 1;
            return point;
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

    /// <summary>A character, or the set that an escape stands for.</summary>
    private readonly record struct ClassMember(int? Point, CodePoints? Set)
    {
        public IEnumerable<(int, int)> Ranges => Point is { } point ? [(point, point)] : Set!.Ranges;
    }
}
