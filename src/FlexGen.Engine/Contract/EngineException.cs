namespace FlexGen.Engine;

/// <summary>The engine cannot do what its options ask. The message says what was found, what was expected and what to change.</summary>
public sealed class EngineException : Exception
{
    public EngineException(string message, Exception? inner = null)
        : base(message, inner) => Text = new($"{message}");

    public EngineException(EngineMessage text, Exception? inner = null)
        : base(text.ToString(), inner) => Text = text;

    /// <summary>The message, in which settings can be named otherwise.</summary>
    public EngineMessage Text { get; }

    /// <summary>Whether it is that the model takes more memory than there is.</summary>
    public bool IsOfMemory { get; init; }
}
