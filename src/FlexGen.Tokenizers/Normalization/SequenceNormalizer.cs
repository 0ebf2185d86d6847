namespace FlexGen.Tokenizers.Normalization;

internal sealed class SequenceNormalizer(IReadOnlyList<INormalizer> steps) : INormalizer
{
    public string Normalize(string text, Growth most) => steps.Aggregate(text, (current, step) => step.Normalize(current, most));
}
