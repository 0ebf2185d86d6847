namespace FlexGen.Tokenizers.Chat.Syntax;

/// <summary>Where a value is put.</summary>
internal abstract record Target
{
    private Target()
    {
    }

    public sealed record Variable(string Name) : Target;

    public sealed record Member(string Namespace, string Name) : Target;

    public sealed record Several(IReadOnlyList<Target> Targets) : Target;
}
