namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>A name or a member that is not there: empty where it is printed, an error where anything else is done with it.</summary>
internal sealed class Undefined(string description)
{
    public TemplateFailure Failure() => new(description);
}
