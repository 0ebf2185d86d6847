namespace FlexGen.Tokenizers.Normalization;

internal sealed class ReplaceNormalizer(string pattern, string content) : INormalizer
{
    public string Normalize(string text, Growth most)
    {
        if (content.Length > pattern.Length)
        {
            most.Require(text.Length + ((long)text.AsSpan().Count(pattern) * (content.Length - pattern.Length)));
        }

        return text.Replace(pattern, content, StringComparison.Ordinal);
    }
}
