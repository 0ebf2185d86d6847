namespace FlexGen.Dataflow.Checks.Schema;

/// <summary>A schema cannot be enforced as it is written.</summary>
/// <param name="location">Where, as a JSON pointer.</param>
/// <param name="problem">What is wrong there, as the end of a sentence.</param>
internal sealed class SchemaException(string location, string problem) : Exception($"#{Excerpt.Of(location, 300)} {problem}");
