using static FlexGen.Tokenizers.Splitting.CharacterClasses;

namespace FlexGen.Tokenizers.Splitting.Families;

/// <summary>The words of GPT-2's pattern, by hand.</summary>
internal sealed class Gpt2Splitter : ISplitter
{
    public const string Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public int Next(ReadOnlySpan<char> text, int at, out bool drop)
    {
        drop = false;
        var rest = text[at..];
        if (rest[0] == '\'' && Words.Contraction(rest, ignoreCase: false) is > 0 and var contraction)
        {
            return at + contraction;
        }

        var start = rest[0] == ' ' && rest.Length > 1 ? at + 1 : at;
        var kind = At(text, start, out var next);
        return kind switch
        {
            CharacterClass.Space => Words.EndOfSpaces(text, at),
            CharacterClass.Number => EndOfRun(text, next, CharacterClass.Number),
            _ => EndOfRun(text, next, (kind & CharacterClass.Letter) != 0 ? CharacterClass.Letter : CharacterClass.NoWord),
        };
    }
}
