using static FlexGen.Tokenizers.Splitting.CharacterClasses;

namespace FlexGen.Tokenizers.Splitting;

/// <summary>Sets digits apart from the rest, one by one or run by run.</summary>
internal sealed class DigitsSplitter(bool oneByOne) : ISplitter
{
    public int Next(ReadOnlySpan<char> text, int at, out bool drop)
    {
        drop = false;
        if (At(text, at, out var end) == CharacterClass.Number)
        {
            return oneByOne ? end : EndOfRun(text, end, CharacterClass.Number);
        }
        while (end < text.Length && At(text, end, out var next) != CharacterClass.Number)
        {
            end = next;
        }
        return end;
    }
}
