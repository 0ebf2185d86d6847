namespace FlexGen.Dataflow;

/// <summary>A rendered prompt template, or messages.</summary>
/// <param name="Text">The whole text; empty where there are messages.</param>
/// <param name="Literals">
/// The stretches of <paramref name="Text"/> that the template's author wrote, in order. Only there may the text of a control
/// token stand for the token; what came from a record is always plain text.
/// </param>
public readonly record struct Prompt(string Text, IReadOnlyList<(int Start, int Length)> Literals)
{
    /// <summary>What the model's chat template is to write out in place of <see cref="Text"/>; null: nothing.</summary>
    public IReadOnlyList<PromptMessage>? Messages { get; init; }
}
