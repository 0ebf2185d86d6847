using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Syntax;

/// <summary>Cuts a template into text and tags, white space gone where the tags say so: a block's line break behind it, and the
/// spaces before it on its line (trim_blocks and lstrip_blocks, which chat templates are written for).</summary>
internal sealed class TemplateLexer
{
    private const string Raw = "raw", EndRaw = "endraw";
    private readonly string source;
    private readonly List<Token> tokens = [];
    private readonly List<int> breaks;
    private int at;
    private bool atLineStart = true;

    private TemplateLexer(string template)
    {
        source = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        source = source.EndsWith('\n') ? source[..^1] : source;
        breaks = [.. Enumerable.Range(0, source.Length).Where(i => source[i] == '\n')];
    }

    private int Line => LineOf(at);

    /// <exception cref="TemplateFailure">A tag or a text in quotes is not closed, or holds what has no meaning.</exception>
    public static List<Token> Read(string template)
    {
        var lexer = new TemplateLexer(template);
        lexer.ReadAll();
        return lexer.tokens;
    }

    private void ReadAll()
    {
        while (at < source.Length)
        {
            var tag = NextTag(at);
            if (tag < 0)
            {
                AddData(source[at..]);
                break;
            }

            ReadTag(tag);
        }

        tokens.Add(new Token(TokenKind.End, "", LineOf(source.Length)));
    }

    private void ReadTag(int tag)
    {
        var kind = source[tag + 1];
        var sign = tag + 2 < source.Length ? source[tag + 2] : ' ';
        AddData(Before(source[at..tag], sign, isBlock: kind != '{'));
        at = tag + (sign is '-' or '+' ? 3 : 2);
        switch (kind)
        {
            case '#':
                SkipPast('#', "a comment '{#' is not closed by '#}'");
                break;
            case '%' when IsWord(at, Raw, out var end) && TryClose(end, '%', trims: false, out var content):
                at = content;
                ReadRaw();
                break;
            default:
                tokens.Add(new Token(kind == '%' ? TokenKind.BlockBegin : TokenKind.VariableBegin, source[tag..at], LineOf(tag)));
                ReadInside(kind == '%' ? '%' : '}');
                break;
        }

        atLineStart = source[at - 1] == '\n';
    }

    private int NextTag(int from)
    {
        for (var tag = source.IndexOf('{', from); tag >= 0; tag = source.IndexOf('{', tag + 1))
        {
            if (tag + 1 < source.Length && source[tag + 1] is '{' or '%' or '#')
            {
                return tag;
            }
        }

        return -1;
    }

    private string Before(string text, char sign, bool isBlock)
    {
        if (sign == '-')
        {
            return text[..TrimmedLength(text)];
        }

        var line = text.LastIndexOf('\n') + 1;
        return isBlock && sign != '+' && (line > 0 || atLineStart) && TrimmedLength(text[line..]) == 0 ? text[..line] : text;
    }

    private static int TrimmedLength(string text)
    {
        var length = text.Length;
        while (length > 0 && Trimming.IsSpace(text[length - 1]))
        {
            length--;
        }

        return length;
    }

    /// <summary>Whether a tag ends here, and where what follows it begins.</summary>
    private bool TryClose(int from, char mark, bool trims, out int next)
    {
        next = from;
        var sign = from < source.Length ? source[from] : ' ';
        var signed = sign == '-' || (sign == '+' && mark != '}' && trims) ? 1 : 0;
        if (string.CompareOrdinal(source, from + signed, mark + "}", 0, 2) != 0)
        {
            return false;
        }

        next = from + signed + 2;
        if (sign == '-')
        {
            next = SkipSpaces(next);
        }
        else if (trims && signed == 0 && mark != '}' && next < source.Length && source[next] == '\n')
        {
            next++;
        }

        return true;
    }

    private int SkipSpaces(int from)
    {
        while (from < source.Length && Trimming.IsSpace(source[from]))
        {
            from++;
        }

        return from;
    }

    private bool IsWord(int from, string word, out int end)
    {
        var start = SkipSpaces(from);
        end = SkipSpaces(Math.Min(start + word.Length, source.Length));
        return string.CompareOrdinal(source, start, word, 0, word.Length) == 0;
    }

    private void SkipPast(char mark, string notClosed)
    {
        for (var i = at; i < source.Length; i++)
        {
            if (TryClose(i, mark, trims: true, out var next))
            {
                at = next;
                return;
            }
        }

        throw new TemplateFailure(notClosed, Line);
    }

    private void ReadRaw()
    {
        for (var tag = source.IndexOf("{%", at, StringComparison.Ordinal); tag >= 0; tag = source.IndexOf("{%", tag + 2, StringComparison.Ordinal))
        {
            var sign = tag + 2 < source.Length ? source[tag + 2] : ' ';
            if (IsWord(tag + (sign is '-' or '+' ? 3 : 2), EndRaw, out var end) && TryClose(end, '%', trims: true, out var next))
            {
                AddData(Before(source[at..tag], sign, isBlock: true));
                at = next;
                return;
            }
        }

        throw new TemplateFailure("'{% raw %}' is not closed by '{% endraw %}'", Line);
    }

    private void ReadInside(char mark)
    {
        var words = new ExpressionLexer(source, LineOf);
        while (true)
        {
            at = SkipSpaces(at);
            if (at >= source.Length)
            {
                var begin = tokens.FindLast(token => token.Kind is TokenKind.BlockBegin or TokenKind.VariableBegin);
                throw new TemplateFailure($"a tag is not closed by '{mark}}}'", begin.Line);
            }

            if (!words.IsInBrackets && TryClose(at, mark, trims: true, out var next))
            {
                tokens.Add(new Token(mark == '%' ? TokenKind.BlockEnd : TokenKind.VariableEnd, "", Line));
                at = next;
                return;
            }

            tokens.Add(words.Next(ref at));
        }
    }

    private void AddData(string text)
    {
        if (text.Length > 0)
        {
            tokens.Add(new Token(TokenKind.Data, text, Line));
        }
    }

    // A place of a break itself is still on the line that it ends.
    private int LineOf(int place) => breaks.BinarySearch(place) is var found && found >= 0 ? found + 1 : ~found + 1;
}
