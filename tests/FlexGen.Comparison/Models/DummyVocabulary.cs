namespace FlexGen.Comparison.Models;

/// <summary>A tokenizer for a GGUF file. Token ids are all that is compared, but llama.cpp ends a process that asks a model without one for its special tokens.</summary>
internal static class DummyVocabulary
{
    private const int Bytes = 256, FirstByte = 3;
    private const int Normal = 1, Unknown = 2, Control = 3, Byte = 6;

    public static IEnumerable<KeyValuePair<string, object>> Metadata(int size)
    {
        (string Text, int Type)[] tokens = [.. Enumerable.Range(0, size).Select(Token)];
        yield return new("tokenizer.ggml.model", "llama");
        yield return new("tokenizer.ggml.tokens", tokens.Select(t => t.Text).ToArray());
        yield return new("tokenizer.ggml.scores", new float[size]);
        yield return new("tokenizer.ggml.token_type", tokens.Select(t => t.Type).ToArray());
    }

    private static (string Text, int Type) Token(int id) => id switch
    {
        0 => ("<unk>", Unknown),
        1 => ("<s>", Control),
        2 => ("</s>", Control),
        < FirstByte + Bytes => ($"<0x{id - FirstByte:X2}>", Byte),
        _ => ($"token{id}", Normal),
    };
}
