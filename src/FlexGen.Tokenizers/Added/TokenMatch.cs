namespace FlexGen.Tokenizers.Added;

/// <summary>The token found in text[Start..End).</summary>
internal readonly record struct TokenMatch(int Id, int Start, int End);
