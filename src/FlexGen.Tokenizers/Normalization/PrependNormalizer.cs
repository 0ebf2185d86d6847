namespace FlexGen.Tokenizers.Normalization;

internal sealed class PrependNormalizer(string prefix) : INormalizer
{
    public string Normalize(string text, Growth most)
    {
        most.Require((long)text.Length + prefix.Length);
        return text.Length == 0 ? text : prefix + text;
    }
}
