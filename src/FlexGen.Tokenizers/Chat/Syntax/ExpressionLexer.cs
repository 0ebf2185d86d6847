using System.Globalization;
using System.Text;
using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Syntax;

/// <summary>Cuts what stands within a tag into names, numbers, strings and operators.</summary>
internal sealed class ExpressionLexer(string source, Func<int, int> lineOf)
{
    private static readonly string[] operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private readonly Stack<char> open = new();

    /// <summary>Whether a bracket is open, in which no tag ends.</summary>
    public bool IsInBrackets => open.Count > 0;

    public Token Next(ref int at)
    {
        var start = at;
        var unit = source[at];
        if (unit is '\'' or '"')
        {
            return new Token(TokenKind.String, ReadString(ref at), lineOf(start));
        }

        if (char.IsAsciiDigit(unit))
        {
            var isFloat = ReadNumber(ref at);
            return new Token(isFloat ? TokenKind.Float : TokenKind.Integer, source[start..at].Replace("_", "", StringComparison.Ordinal), lineOf(start));
        }

        if (unit == '_' || char.IsLetter(unit))
        {
            while (at < source.Length && (source[at] == '_' || char.IsLetterOrDigit(source[at])))
            {
                at++;
            }

            return new Token(TokenKind.Name, source[start..at], lineOf(start));
        }

        var found = operators.FirstOrDefault(sign => string.CompareOrdinal(source, start, sign, 0, sign.Length) == 0)
            ?? throw new TemplateFailure($"found the character '{unit}' in a tag", lineOf(start));
        at += found.Length;
        Balance(found, lineOf(start));
        return new Token(TokenKind.Operator, found, lineOf(start));
    }

    private void Balance(string sign, int line)
    {
        switch (sign)
        {
            case "(" or "[" or "{":
                open.Push(sign == "(" ? ')' : sign == "[" ? ']' : '}');
                break;
            case ")" or "]" or "}" when !open.TryPop(out var expected) || expected != sign[0]:
                throw new TemplateFailure($"found '{sign}' where {(expected == 0 ? "no bracket is open" : $"'{expected}' closes the bracket")}", line);
        }
    }

    private bool ReadNumber(ref int at)
    {
        var afterDot = at > 0 && source[at - 1] == '.';
        SkipDigits(ref at);
        var isFloat = false;
        if (!afterDot && at + 1 < source.Length && source[at] == '.' && char.IsAsciiDigit(source[at + 1]))
        {
            isFloat = true;
            at++;
            SkipDigits(ref at);
        }

        if (!afterDot && at < source.Length && source[at] is 'e' or 'E')
        {
            var digits = at + 1 < source.Length && source[at + 1] is '+' or '-' ? at + 2 : at + 1;
            if (digits < source.Length && char.IsAsciiDigit(source[digits]))
            {
                isFloat = true;
                at = digits;
                SkipDigits(ref at);
            }
        }

        return isFloat;
    }

    private void SkipDigits(ref int at)
    {
        while (at < source.Length && (char.IsAsciiDigit(source[at])
            || (source[at] == '_' && at + 1 < source.Length && char.IsAsciiDigit(source[at + 1]))))
        {
            at++;
        }
    }

    private string ReadString(ref int at)
    {
        var start = at;
        var quote = source[at++];
        var text = new StringBuilder();
        while (true)
        {
            if (at >= source.Length)
            {
                throw new TemplateFailure($"a string in {quote} is not closed", lineOf(start));
            }

            var unit = source[at++];
            if (unit == quote)
            {
                return text.ToString();
            }

            if (unit == '\\' && at < source.Length)
            {
                ReadEscape(ref at, text);
            }
            else
            {
                text.Append(unit);
            }
        }
    }

    private void ReadEscape(ref int at, StringBuilder text)
    {
        var kind = source[at++];
        if (Simple(kind) is { } simple)
        {
            text.Append(simple);
            return;
        }

        var length = kind switch
        {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if (length > 0)
        {
            var digits = source.AsSpan(at, Math.Min(length, source.Length - at));
            if (digits.Length < length || !int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                || !Rune.IsValid(code))
            {
                throw new TemplateFailure(
                    $"found the escape \\{kind}{digits} in a string; expected \\{kind} with {length} hexadecimal digits of a character", lineOf(at));
            }

            text.Append(new Rune(code));
            at += length;
            return;
        }

        if (kind is (>= '0' and <= '7') or 'N')
        {
            throw new TemplateFailure(
                $"found the escape \\{kind} in a string; supported are \\n, \\r, \\t, \\a, \\b, \\f, \\v, \\x, \\u, \\U, quotes and \\\\", lineOf(at));
        }

        // What has no meaning stands for itself, as in Python.
        text.Append('\\').Append(kind);
    }

    private static string? Simple(char kind) => kind switch
    {
        'n' => "\n",
        'r' => "\r",
        't' => "\t",
        'a' => "\a",
        'b' => "\b",
        'f' => "\f",
        'v' => "\v",
        '\\' or '\'' or '"' => kind.ToString(),
        '\n' => "",
        _ => null,
    };
}
