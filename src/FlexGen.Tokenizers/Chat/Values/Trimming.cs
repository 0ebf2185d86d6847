namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>Python's strip, lstrip and rstrip.</summary>
internal static class Trimming
{
    /// <summary>White space to Python, which is all in the first plane.</summary>
    public static bool IsSpace(char unit) => char.IsWhiteSpace(unit) || unit is >= '\u001C' and <= '\u001F';

    /// <param name="text">What is trimmed.</param>
    /// <param name="characters">Which characters go; null: white space.</param>
    /// <param name="left">Whether they go at the beginning.</param>
    /// <param name="right">Whether they go at the end.</param>
    public static Text Trim(Text text, Text? characters, bool left, bool right)
    {
        if (characters is null)
        {
            var (first, end) = (0, text.Units);
            while (left && first < end && IsSpace(text.Value[first]))
            {
                first++;
            }

            while (right && end > first && IsSpace(text.Value[end - 1]))
            {
                end--;
            }

            return text.Part(first, end);
        }

        var gone = characters.Each().ToHashSet();
        var (from, to) = (0, text.Length);
        while (left && from < to && gone.Contains(text.Characters(from, from + 1)))
        {
            from++;
        }

        while (right && to > from && gone.Contains(text.Characters(to - 1, to)))
        {
            to--;
        }

        return text.Characters(from, to);
    }
}
