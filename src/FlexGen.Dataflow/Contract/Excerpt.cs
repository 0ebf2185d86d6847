using System.Buffers;
using System.Globalization;
using System.Text;

namespace FlexGen.Dataflow;

/// <summary>Bounds what a message quotes: a value can be as long as an output, and messages become headers and log lines.</summary>
public static class Excerpt
{
    /// <summary>Bytes in UTF-8 that a whole message may have.</summary>
    public const int MessageBytes = 1024;

    /// <summary>UTF-16 units that a line for people may have before what is escaped in it.</summary>
    private const int LineLength = 4096;

    /// <summary>
    /// The text as it may be shown to people, on one line: what steers a terminal, ends a line, turns the order of letters around or cannot be seen is
    /// escaped as in <c>\n</c> or <c>\u001b</c>, and a long text is cut.
    /// </summary>
    public static string Plain(string text)
    {
        text = Of(text, LineLength);
        var plain = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var isText = Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length) == OperationStatus.Done && !IsHidden(rune);
            plain.Append(isText ? text.AsSpan(at, length) : Escaped(length == 2 ? rune.Value : text[at]));
            at += length;
        }

        return plain.ToString();
    }

    /// <summary>The text itself, or its first <paramref name="max"/> UTF-16 units, never half a character, and how many it has.</summary>
    public static string Of(string text, int max = 100)
    {
        if (text.Length <= max)
        {
            return text;
        }

        var length = char.IsHighSurrogate(text[max - 1]) ? max - 1 : max;
        return $"{text.AsSpan(0, length)}... ({text.Length} characters)";
    }

    /// <summary>
    /// The text itself, or of it and of how many bytes it has so much as <paramref name="most"/> bytes in UTF-8 hold, never half a character.
    /// </summary>
    public static string OfBytes(string text, int most = MessageBytes)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes <= most)
        {
            return text;
        }

        var end = string.Create(CultureInfo.InvariantCulture, $"... (cut, {bytes} bytes in all)");
        var room = most - end.Length;
        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            room -= rune.Utf8SequenceLength;
            if (room < 0)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return string.Concat(text.AsSpan(0, length), end);
    }

    private static bool IsHidden(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static string Escaped(int value) => value switch
    {
        '\n' => @"\n",
        '\r' => @"\r",
        '\t' => @"\t",
        > char.MaxValue => string.Create(CultureInfo.InvariantCulture, $@"\u{{{value:x}}}"),
        _ => string.Create(CultureInfo.InvariantCulture, $@"\u{value:x4}"),
    };
}
