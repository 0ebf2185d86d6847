namespace FlexGen.Dataflow.Results;

/// <summary>A property, an item, or the whole: its column's type.</summary>
/// <param name="Name">The property's name.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="IsNullable">Whether it may be null or missing.</param>
/// <param name="Inner">A struct's properties, a list's one item; nothing else has any.</param>
internal sealed record ResultType(string Name, ResultKind Kind, bool IsNullable, IReadOnlyList<ResultType> Inner);
