namespace FlexGen.Tokenizers.Chat.Syntax;

/// <summary>What stands between a call's parentheses.</summary>
internal sealed record Arguments(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    public static readonly Arguments None = new([], []);
}
