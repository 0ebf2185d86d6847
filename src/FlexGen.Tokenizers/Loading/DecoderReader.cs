using FlexGen.Tokenizers.Bpe;
using FlexGen.Tokenizers.Decoding;

namespace FlexGen.Tokenizers.Loading;

internal static class DecoderReader
{
    private const string Supported =
        "ByteLevel, Metaspace, or a Sequence of Replace of a String, ByteFallback, Fuse and Strip of one leading character, in this order";

    public static Func<IncrementalDecoder> Read(Component component, Vocabulary vocabulary)
    {
        var components = component.Flatten("decoders").ToList();
        switch (components)
        {
            case [{ Type: "ByteLevel" }]:
                return ByteLevel(vocabulary);
            case [{ Type: "Metaspace" }]:
                var metaspace = PreTokenizerReader.ReadMetaspace(components[0]);
                return () => new MetaspaceDecoder(vocabulary, metaspace);
            default:
                var decoding = ReadChain(component, components, vocabulary);
                return () => new FallbackDecoder(decoding);
        }
    }

    public static Func<IncrementalDecoder> ByteLevel(Vocabulary vocabulary)
    {
        var bytes = Enumerable.Range(0, vocabulary.Size).Select(vocabulary.VisibleTextOf)
            .Select(text => text is null ? null : ByteLetters.BytesOf(text)).ToArray();
        return () => new ByteLevelDecoder(bytes);
    }

    private static FallbackDecoding ReadChain(Component sequence, List<Component> components, Vocabulary vocabulary)
    {
        var rest = new Queue<Component>(components);
        List<(string Pattern, string Content)> replacements = [];
        while (rest.TryPeek(out var component) && component.Type == "Replace"
            && component.Body.Get("pattern")?.Text("String") is { Length: > 0 } pattern)
        {
            replacements.Add((pattern, component.Body.Text("content") ?? ""));
            rest.Dequeue();
        }

        var byteFallback = Take(rest, "ByteFallback") is not null;
        var fuse = Take(rest, "Fuse") is not null;
        var strip = fuse ? Take(rest, "Strip")?.Body : null;
        var content = strip?.Text("content");
        if (rest.Count > 0 || components.Count == 0 || (strip is not null && (content is not { Length: 1 } || strip?.Get("stop")?.GetInt32() > 0)))
        {
            throw sequence.Unsupported(string.Join(", ", components.Select(component => component.Type)), Supported);
        }

        return new FallbackDecoding(vocabulary, byteFallback, text => replacements.Aggregate(
            text, (current, next) => current.Replace(next.Pattern, next.Content, StringComparison.Ordinal)))
        {
            Strip = content?[0] ?? ' ',
            StripStart = strip?.Get("start")?.GetInt32() ?? 0,
        };
    }

    private static Component? Take(Queue<Component> components, string type) =>
        components.TryPeek(out var component) && component.Type == type ? components.Dequeue() : null;
}
