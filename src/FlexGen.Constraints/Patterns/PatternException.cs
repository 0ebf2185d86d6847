namespace FlexGen.Constraints.Patterns;

/// <summary>A pattern is not one of ECMA-262, or no automaton can do what it asks.</summary>
/// <param name="message">What is wrong and where, as a sentence without its full stop.</param>
internal sealed class PatternException(string message) : Exception(message);
