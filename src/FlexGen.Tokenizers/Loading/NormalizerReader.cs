using FlexGen.Tokenizers.Normalization;

namespace FlexGen.Tokenizers.Loading;

internal static class NormalizerReader
{
    private const string Supported = "NFC, NFKC, Prepend, Replace of a String, or a Sequence of them";

    public static INormalizer? Read(Part? part)
    {
        var steps = part?.Flatten("normalizers").Select(One).ToList() ?? [];
        return steps.Count switch
        {
            0 => null,
            1 => steps[0],
            _ => new SequenceNormalizer(steps),
        };
    }

    private static INormalizer One(Part part) => part.Type switch
    {
        "NFC" => new UnicodeNormalizer(compatible: false),
        "NFKC" => new UnicodeNormalizer(compatible: true),
        "Prepend" => new PrependNormalizer(part.Body.Text("prepend") ?? ""),
        "Replace" when part.Body.Get("pattern")?.Text("String") is { Length: > 0 } pattern =>
            new ReplaceNormalizer(pattern, part.Body.Text("content") ?? ""),
        _ => throw part.Unsupported(Supported),
    };
}
