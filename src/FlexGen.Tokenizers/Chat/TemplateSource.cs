namespace FlexGen.Tokenizers.Chat;

/// <summary>A template as it is written, and where.</summary>
internal sealed record TemplateSource(string Place, string Template);
