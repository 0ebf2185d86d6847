namespace FlexGen.Tokenizers.Chat.Syntax;

/// <summary>A macro's parameter; Default: what it is where the call leaves it out.</summary>
internal sealed record Parameter(string Name, Expression? Default);
