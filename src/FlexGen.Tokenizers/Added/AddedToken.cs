namespace FlexGen.Tokenizers.Added;

/// <summary>A token matched whole in the text. StripLeft and StripRight: it swallows the white space beside it.
/// Normalized: a token that is not special is looked for in the normalised text instead of the raw one.</summary>
internal sealed record AddedToken(
    int Id, string Text, bool Special, bool SingleWord = false, bool StripLeft = false, bool StripRight = false, bool Normalized = false);
