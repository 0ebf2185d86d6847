namespace FlexGen.Engine;

/// <summary>The engine cannot do what its options ask. The message says what was found, what was expected and what to change.</summary>
public sealed class EngineException(string message, Exception? inner = null) : Exception(message, inner);
