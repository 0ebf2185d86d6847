namespace FlexGen.Tokenizers;

/// <summary>A chat template that cannot be read, or a conversation that it cannot render. The message says where, what was found
/// and what is supported.</summary>
public sealed class ChatTemplateException : Exception
{
    public ChatTemplateException() { }

    public ChatTemplateException(string message) : base(message) { }

    public ChatTemplateException(string message, Exception innerException) : base(message, innerException) { }
}
