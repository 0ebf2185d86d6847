using FlexGen.Tokenizers.Normalization;

namespace FlexGen.Tokenizers.Loading;

internal static class NormalizerReader
{
    private const string Supported = "NFC, NFKC, Prepend, Replace of a String, or a Sequence of them";

    public static INormalizer? Read(Component? component)
    {
        var steps = component?.Flatten("normalizers").Select(One).ToList() ?? [];
        return steps.Count switch
        {
            0 => null,
            1 => steps[0],
            _ => new SequenceNormalizer(steps),
        };
    }

    private static INormalizer One(Component component) => component.Type switch
    {
        "NFC" => new UnicodeNormalizer(compatible: false),
        "NFKC" => new UnicodeNormalizer(compatible: true),
        "Prepend" => new PrependNormalizer(component.Body.Text("prepend") ?? ""),
        "Replace" when component.Body.Get("pattern")?.Text("String") is { Length: > 0 } pattern =>
            new ReplaceNormalizer(pattern, component.Body.Text("content") ?? ""),
        _ => throw component.Unsupported(Supported),
    };
}
