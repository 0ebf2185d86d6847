namespace FlexGen.Tokenizers;

/// <summary>One message of a conversation, with what of its content its author wrote.</summary>
/// <param name="Role">Who says it, such as <c>user</c>.</param>
/// <param name="Content">What is said.</param>
/// <param name="Literals">The stretches of the content, in UTF-16 units, that come from no record.</param>
public sealed record ChatMessage(string Role, string Content, IReadOnlyList<(int Start, int Length)> Literals);
