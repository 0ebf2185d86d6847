namespace FlexGen.Dataflow;

/// <summary>Bounds what a message quotes: a value can be as long as an output, and messages become headers and log lines.</summary>
public static class Excerpt
{
    /// <summary>UTF-16 units that a whole message may have.</summary>
    public const int OfMessage = 1_000;

    /// <summary>The text itself, or its first <paramref name="max"/> UTF-16 units, never half a character, and how many it has.</summary>
    public static string Of(string text, int max = 100)
    {
        if (text.Length <= max)
        {
            return text;
        }
        int length = char.IsHighSurrogate(text[max - 1]) ? max - 1 : max;
        return $"{text.AsSpan(0, length)}... ({text.Length} characters)";
    }
}
