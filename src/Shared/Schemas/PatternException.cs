namespace FlexGen.Schemas;

/// <summary>A pattern is not one of ECMA-262, has no single meaning, or asks for what cannot be done.</summary>
/// <param name="message">What is wrong and where, as a sentence without its full stop.</param>
internal sealed class PatternException(string message) : Exception(message);
