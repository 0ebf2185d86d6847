namespace FlexGen.Tokenizers;

/// <summary>A conversation as the model's chat template writes it.</summary>
/// <param name="Text">The whole text.</param>
/// <param name="Written">
/// The stretches of <paramref name="Text"/>, in UTF-16 units and in order, that the template or the author of the messages wrote. Only there may
/// the text of a control token stand for the token; what data brought is always plain text.
/// </param>
public sealed record RenderedChat(string Text, IReadOnlyList<(int Start, int Length)> Written);
