using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Lexing;

/// <summary>Where a text is in several languages at once, of which one or more are still possible; those are told apart by tags.</summary>
/// <param name="parts">What is left of each language, none of them empty.</param>
internal sealed class CharState((int Tag, RegexNode Left)[] parts)
{
    public (int Tag, RegexNode Left)[] Parts { get; } = parts;

    /// <summary>The language that the text so far is in; -1 where it is in none.</summary>
    public int AcceptTag { get; } = Array.Find(parts, part => part.Left.IsNullable) is { Left: not null } whole ? whole.Tag : -1;

    /// <summary>What is left where that is a number of code points, each of one set, and nothing else counts; null where it is something else.</summary>
    public RegexNode? OfOneSet { get; } =
        parts is [(_, { Kind: RegexKind.Loop, Parts: [{ Kind: RegexKind.Set }] } loop)] ? loop : null;

    /// <summary>Where intervals of code points begin, and what follows those of each (null: nothing does). Null until they are asked for.</summary>
    public (int[] Starts, CharState?[] Targets)? Steps { get; set; }

    /// <summary>How far one may go from here whatever comes; null until it is asked for. A <see cref="SafeDepth"/>.</summary>
    public object? Safe { get; set; }

    public CharState? After(int point)
    {
        var (starts, targets) = Steps!.Value;
        var index = Array.BinarySearch(starts, point);
        return targets[index >= 0 ? index : ~index - 1];
    }
}
