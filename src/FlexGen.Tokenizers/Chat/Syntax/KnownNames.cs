namespace FlexGen.Tokenizers.Chat.Syntax;

/// <summary>The filters, tests and methods that there are. Refused: functions of Jinja that a template may name and that are not here.</summary>
internal sealed record KnownNames(
    IReadOnlyCollection<string> Filters, IReadOnlyCollection<string> Tests, IReadOnlyCollection<string> Methods, IReadOnlyCollection<string> Refused);
