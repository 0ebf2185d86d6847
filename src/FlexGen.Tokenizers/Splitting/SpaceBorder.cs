namespace FlexGen.Tokenizers.Splitting;

/// <summary>Where no token has U+2581 behind another character, no merge crosses such a place, and a text can be
/// cut there into words without any change to its ids.</summary>
internal static class SpaceBorder
{
    public const char Space = '\u2581';

    public static ISplitter Splitter { get; } = new BeforeSplitter(Space, runs: true);

    public static bool IsCrossedBy(ReadOnlySpan<char> token) =>
        token.TrimStart(Space).Contains(Space);
}
