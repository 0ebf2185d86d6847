using System.Buffers;

namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>Python's ways to cut a text to pieces, and replace, which puts it together again.</summary>
internal static class Cutting
{
    private static readonly SearchValues<char> breaks = SearchValues.Create("\n\r\v\f\u001C\u001D\u001E\u0085\u2028\u2029");

    /// <param name="text">What is cut.</param>
    /// <param name="separator">At what; null: at runs of white space.</param>
    /// <param name="most">How many cuts are made at most; below 0: all.</param>
    public static List<Text> Split(Text text, Text? separator, int most) =>
        separator is null ? SplitAtSpaces(text, most) : SplitAt(text, RequireSome(separator), most);

    /// <summary>As <see cref="Split"/>, from the end.</summary>
    public static List<Text> SplitFromEnd(Text text, Text? separator, int most)
    {
        List<Text> pieces = [];
        var end = text.Units;
        while (most != pieces.Count)
        {
            if (separator is null)
            {
                end = Trimming.Trim(text.Part(0, end), null, left: false, right: true).Units;
            }

            var cut = separator is not null ? (end == 0 ? -1 : text.Value.LastIndexOf(RequireSome(separator).Value, end - 1, StringComparison.Ordinal))
                : LastSpace(text, end);
            if (cut < 0)
            {
                break;
            }

            var length = separator?.Units ?? 1;
            pieces.Add(text.Part(cut + length, end));
            end = cut;
        }

        var rest = separator is null ? Trimming.Trim(text.Part(0, end), null, left: false, right: true) : text.Part(0, end);
        if (separator is not null || rest.Units > 0)
        {
            pieces.Add(separator is null && most != pieces.Count ? Trimming.Trim(rest, null, left: true, right: false) : rest);
        }

        pieces.RemoveAll(piece => separator is null && piece.Units == 0);
        pieces.Reverse();
        return pieces;
    }

    /// <summary>The lines, without what ends them unless it is kept.</summary>
    public static List<Text> Lines(Text text, bool keepsEnds)
    {
        List<Text> lines = [];
        for (var at = 0; at < text.Units;)
        {
            var length = text.Value.AsSpan(at).IndexOfAny(breaks);
            var end = length < 0 ? text.Units : at + length;
            var next = end == text.Units ? end : text.Value.AsSpan(end).StartsWith("\r\n") ? end + 2 : end + 1;
            lines.Add(text.Part(at, keepsEnds ? next : end));
            at = next;
        }

        return lines;
    }

    public static Text Join(Text separator, IEnumerable<Text> pieces)
    {
        var joined = new Text.Builder();
        var isFirst = true;
        foreach (var piece in pieces)
        {
            joined.Append(isFirst ? Text.Empty : separator);
            joined.Append(piece);
            isFirst = false;
        }

        return joined.ToText();
    }

    /// <summary>Puts a text in another's place, wherever it stands; most: how often at most, below 0: always.</summary>
    public static Text Replace(Text text, Text old, Text replacement, int most)
    {
        if (old.Units > 0)
        {
            return Join(replacement, SplitAt(text, old, most));
        }

        // An empty text stands before each character and at the end.
        var replaced = new Text.Builder();
        var characters = text.Each().ToList();
        for (var i = 0; i <= characters.Count; i++)
        {
            replaced.Append(most < 0 || i < most ? replacement : Text.Empty);
            replaced.Append(i < characters.Count ? characters[i] : Text.Empty);
        }

        return replaced.ToText();
    }

    private static List<Text> SplitAt(Text text, Text separator, int most)
    {
        List<Text> pieces = [];
        var from = 0;
        for (var at = text.Value.IndexOf(separator.Value, StringComparison.Ordinal); at >= 0 && most != pieces.Count;
            at = text.Value.IndexOf(separator.Value, from, StringComparison.Ordinal))
        {
            pieces.Add(text.Part(from, at));
            from = at + separator.Units;
        }

        pieces.Add(text.Part(from, text.Units));
        return pieces;
    }

    private static List<Text> SplitAtSpaces(Text text, int most)
    {
        List<Text> pieces = [];
        var at = 0;
        while (true)
        {
            while (at < text.Units && Trimming.IsSpace(text.Value[at]))
            {
                at++;
            }

            if (at == text.Units)
            {
                return pieces;
            }

            var from = at;
            if (pieces.Count == most)
            {
                // What is left stays as it is, white space at its end too.
                pieces.Add(text.Part(from, text.Units));
                return pieces;
            }

            while (at < text.Units && !Trimming.IsSpace(text.Value[at]))
            {
                at++;
            }

            pieces.Add(text.Part(from, at));
        }
    }

    private static int LastSpace(Text text, int end)
    {
        while (end > 0 && !Trimming.IsSpace(text.Value[end - 1]))
        {
            end--;
        }

        return end - 1;
    }

    private static Text RequireSome(Text separator) => separator.Units > 0 ? separator : throw new TemplateFailure("a text cannot be split at nothing");
}
