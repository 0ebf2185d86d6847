namespace FlexGen.Tokenizers.Splitting.Families;

/// <summary>DeepSeek's second split: sets runs of Chinese characters and kana apart from the rest.</summary>
internal sealed class CjkSplitter : ISplitter
{
    public const string Pattern = "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+";

    public int Next(ReadOnlySpan<char> text, int at, out bool drop)
    {
        drop = false;
        var inside = IsInside(text[at]);
        do
        {
            at++;
        }
        while (at < text.Length && IsInside(text[at]) == inside);
        return at;
    }

    private static bool IsInside(char unit) => unit is (>= '\u4E00' and <= '\u9FA5') or (>= '\u3040' and <= '\u30FF');
}
