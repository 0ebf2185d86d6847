namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>What namespace() makes: the one thing whose members a template may set.</summary>
internal sealed class Namespace
{
    public Dictionary<string, object> Members { get; } = new(StringComparer.Ordinal);
}
