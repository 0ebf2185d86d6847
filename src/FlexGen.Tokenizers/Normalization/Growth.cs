namespace FlexGen.Tokenizers.Normalization;

/// <summary>How long a normaliser may make a text: chained replacements in a file of others can ask for any length. NFKC, which
/// makes 18 characters of one, has room.</summary>
internal readonly record struct Growth(int TextLength)
{
    private const int Times = 64, Least = 4096;

    /// <exception cref="TokenizerException">A text of so many UTF-16 units is too long.</exception>
    public void Require(long length)
    {
        var most = Math.Max(Least, (long)TextLength * Times);
        if (length > most)
        {
            throw new TokenizerException(
                $"the tokenizer's normalizer makes a text of {length} characters out of one of {TextLength}; expected at most {most}. " +
                "Look for chained Replace rules in the normalizer of tokenizer.json, and copy the file again from the checkpoint.");
        }
    }
}
