namespace FlexGen.Tokenizers.Splitting;

/// <summary>Cuts a text into words, one after the other.</summary>
internal interface ISplitter
{
    /// <summary>Where the word that begins at text[at] ends, at least one character further. drop: the word is a
    /// separator that leaves no tokens.</summary>
    int Next(ReadOnlySpan<char> text, int at, out bool drop);
}
