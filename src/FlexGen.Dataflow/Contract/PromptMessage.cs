namespace FlexGen.Dataflow;

/// <summary>One message of a prompt that the model's chat template writes out.</summary>
/// <param name="Role">Who says it.</param>
/// <param name="Content">What is said.</param>
/// <param name="Literals">The stretches of <paramref name="Content"/> that the pipeline's author wrote, in order.</param>
public sealed record PromptMessage(string Role, string Content, IReadOnlyList<(int Start, int Length)> Literals);
