using System.Buffers;

namespace FlexGen.Tokenizers.Splitting.Families;

/// <summary>Galactica's split of formulas: brackets one by one, runs of the same operator, and what is between them.</summary>
internal sealed class OperatorSplitter : ISplitter
{
    public const string Pattern = @"[\(\)\[\]\{\}]|([!""\#\$%\&'\*\+,\-./:;<=>?\\\^_`\|\~])\1*";
    private const string Brackets = "()[]{}";
    private static readonly SearchValues<char> bracketsAndOperators = SearchValues.Create(Brackets + "!\"#$%&'*+,-./:;<=>?\\^_`|~");

    public int Next(ReadOnlySpan<char> text, int at, out bool drop)
    {
        drop = false;
        var plain = text[at..].IndexOfAny(bracketsAndOperators);
        if (plain != 0)
        {
            return plain < 0 ? text.Length : at + plain;
        }

        if (Brackets.Contains(text[at], StringComparison.Ordinal))
        {
            return at + 1;
        }

        var run = text[at..].IndexOfAnyExcept(text[at]);
        return run < 0 ? text.Length : at + run;
    }
}
