namespace FlexGen.Dataflow;

/// <summary>A rendered prompt template.</summary>
/// <param name="Text">The whole text.</param>
/// <param name="Literals">
/// The stretches of <paramref name="Text"/> that the template's author wrote, in order. Only there may the text of a control
/// token stand for the token; what came from a record is always plain text.
/// </param>
public readonly record struct Prompt(string Text, IReadOnlyList<(int Start, int Length)> Literals);
