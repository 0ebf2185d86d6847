namespace FlexGen.Tokenizers.Normalization;

/// <summary>Rewrites a text before it is split.</summary>
internal interface INormalizer
{
    /// <summary>The text as it is encoded.</summary>
    /// <param name="text">The text.</param>
    /// <param name="most">How long, in UTF-16 units, it may become on the way.</param>
    /// <exception cref="TokenizerException">It would become longer.</exception>
    string Normalize(string text, Growth most);
}
