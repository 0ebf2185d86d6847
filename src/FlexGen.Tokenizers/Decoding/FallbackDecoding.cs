namespace FlexGen.Tokenizers.Decoding;

/// <summary>What <see cref="FallbackDecoder"/> knows of each id. StripStart: how many of the character Strip at most
/// are taken from the start of the text.</summary>
internal sealed class FallbackDecoding
{
    private readonly string?[] texts;
    private readonly byte?[] bytes;

    public FallbackDecoding(Vocabulary vocabulary, bool byteFallback, Func<string, string> replace)
    {
        texts = new string?[vocabulary.Size];
        bytes = new byte?[vocabulary.Size];
        for (var id = 0; id < vocabulary.Size; id++)
        {
            var text = vocabulary.VisibleTextOf(id);
            texts[id] = text is null ? null : replace(text);
            bytes[id] = byteFallback ? ByteTokens.ValueOf(texts[id]) : null;
        }
    }

    public char Strip { get; init; }

    public int StripStart { get; init; }

    public string? TextOf(int id) => (uint)id < (uint)texts.Length ? texts[id] : null;

    public byte? ByteOf(int id) => (uint)id < (uint)bytes.Length ? bytes[id] : null;
}
