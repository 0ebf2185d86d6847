namespace FlexGen.Tokenizers.Normalization;

internal sealed class ReplaceNormalizer(string pattern, string content) : INormalizer
{
    public string Normalize(string text) => text.Replace(pattern, content, StringComparison.Ordinal);
}
