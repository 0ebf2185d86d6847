using static FlexGen.Tokenizers.Splitting.CharacterClasses;

namespace FlexGen.Tokenizers.Splitting.Families;

/// <summary>The words of cl100k's pattern, which Llama 3 (up to three digits together) and Qwen (one) have, by hand.</summary>
internal sealed class Cl100kSplitter(int digits) : ISplitter
{
    public const string Llama3Pattern = Start + "{1,3}" + End;
    public const string QwenPattern = Start + End;
    private const string Start = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}";
    private const string End = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public int Next(ReadOnlySpan<char> text, int at, out bool drop)
    {
        drop = false;
        var first = text[at];
        if (first == '\'' && Words.Contraction(text[at..], ignoreCase: true) is > 0 and var contraction)
        {
            return at + contraction;
        }

        var kind = At(text, at, out var next);
        if ((kind & CharacterClass.Letter) != 0)
        {
            return EndOfRun(text, next, CharacterClass.Letter);
        }

        if (kind == CharacterClass.Number)
        {
            return EndOfRun(text, next, CharacterClass.Number, digits - 1);
        }

        if (first is not ('\r' or '\n') && EndOfRun(text, next, CharacterClass.Letter) is var letters && letters > next)
        {
            return letters;
        }

        var others = EndOfRun(text, first == ' ' ? next : at, CharacterClass.NoWord);
        return others > (first == ' ' ? next : at) ? Words.EndOfAny(text, others, "\r\n") : Words.EndOfWhiteSpace(text, at);
    }
}
