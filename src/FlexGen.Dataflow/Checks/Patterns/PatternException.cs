namespace FlexGen.Dataflow.Checks.Patterns;

/// <summary>A pattern is not one of ECMA-262, or has no single meaning.</summary>
/// <param name="message">What is wrong and where.</param>
internal sealed class PatternException(string message) : Exception(message);
