namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>Why a template cannot be read or rendered, and the line, counted from 1, once it is known.</summary>
internal sealed class TemplateFailure(string message, int line = 0) : Exception(message)
{
    public int Line { get; private set; } = line;

    /// <summary>Says where it happened; the first to know does.</summary>
    public void At(int line) => Line = Line == 0 ? line : Line;
}
