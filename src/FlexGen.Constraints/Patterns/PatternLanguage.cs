using FlexGen.Constraints.Regexes;
using FlexGen.Schemas;

namespace FlexGen.Constraints.Patterns;

/// <summary>
/// The texts that match a pattern, as a regular language. What a pattern asks of the text around a place becomes an intersection with what follows there:
/// the language is made from its end, each part given what may follow it. What precedes is told to a part in so far as patterns can ask: whether it is the
/// start, and whether it is a character of a word.
/// </summary>
/// <param name="algebra">Makes it.</param>
internal sealed class PatternLanguage(RegexAlgebra algebra)
{
    /// <summary>The largest repetition of what asks for something around it.</summary>
    private const int MostUnrolled = 40;

    /// <summary>The most alternatives that may be open at once, and the states that are looked at for them: some patterns have more than any machine can
    /// hold.</summary>
    private const int MostAlternatives = 64;
    private const int MostLookedAt = 150;

    private readonly RegexNode endsInWord = algebra.Concat(algebra.Any, algebra.Set(CodePointSet.Word));
    private readonly RegexNode endsOtherwise = algebra.Concat(algebra.Any, algebra.Set(CodePointSet.Word.Complement()));

    private enum Before
    {
        Start,
        Word,
        Other,
    }

    /// <summary>Texts that have a part that matches.</summary>
    /// <exception cref="PatternException">It is no pattern, or one that no automaton can do.</exception>
    public RegexNode Search(string pattern)
    {
        var tree = new PatternParser(pattern).Parse();
        var anything = new PatternTree(PatternKind.Repeat, new PatternTree(PatternKind.Set) { Set = CodePointSet.All }) { Times = (0, RegexAlgebra.Endless) };
        return Checked(Lower(new PatternTree(PatternKind.Sequence, anything, tree), _ => algebra.Any, Before.Start));
    }

    /// <summary>Texts that match as a whole.</summary>
    /// <exception cref="PatternException">It is no pattern, or one that no automaton can do.</exception>
    public RegexNode Whole(string pattern) => Checked(Lower(new PatternParser(pattern).Parse(), _ => algebra.Empty, Before.Start));

    private RegexNode Lower(PatternTree tree, Func<Before, RegexNode> rest, Before before)
    {
        switch (tree.Kind)
        {
            case PatternKind.Start:
                return before == Before.Start ? rest(before) : algebra.None;
            case PatternKind.End:
                return algebra.And(algebra.Empty, rest(before));
            case PatternKind.WordBound:
                return AtBound(rest(before), isBound: !tree.IsNegated, afterWord: before == Before.Word);
            case PatternKind.LookAhead:
                var ahead = Lower(tree.Parts[0], _ => algebra.Any, before);
                return algebra.And(tree.IsNegated ? algebra.Not(ahead) : ahead, rest(before));
            case var _ when tree.IsPure:
                return Follow(Pure(tree), rest, before);
            case PatternKind.Choice:
                var shared = Remembered(rest);
                return algebra.Or(Array.ConvertAll(tree.Parts, part => Lower(part, shared, before)));
            case PatternKind.Sequence:
                return Chain(tree.Parts, rest)(before);
            default:
                if (tree.Times.Min > MostUnrolled || (tree.Times.Max > MostUnrolled && tree.Times.Max < RegexAlgebra.Endless)
                    || tree.Times.Max == RegexAlgebra.Endless)
                {
                    throw new PatternException("an assertion such as ^ or (?=) in what is repeated without end, or often, is not supported");
                }

                var optional = Remembered(rest);
                for (var i = tree.Times.Min; i < tree.Times.Max; i++)
                {
                    var inner = optional;
                    optional = Remembered(place => algebra.Or(rest(place), Lower(tree.Parts[0], inner, place)));
                }

                return Chain([.. Enumerable.Repeat(tree.Parts[0], tree.Times.Min)], optional)(before);
        }
    }

    private Func<Before, RegexNode> Chain(PatternTree[] parts, Func<Before, RegexNode> rest)
    {
        foreach (var part in parts.Reverse())
        {
            var after = Remembered(rest);
            rest = Remembered(place => Lower(part, after, place));
        }

        return rest;
    }

    // Each is asked for many times, and takes as long as all that follows.
    private static Func<Before, RegexNode> Remembered(Func<Before, RegexNode> rest)
    {
        var known = new RegexNode?[3];
        return before => known[(int)before] ??= rest(before);
    }

    private RegexNode Pure(PatternTree tree) => tree.Kind switch
    {
        PatternKind.Set => algebra.Set(tree.Set!),
        PatternKind.Sequence => algebra.Concat(Array.ConvertAll(tree.Parts, Pure)),
        PatternKind.Choice => algebra.Or(Array.ConvertAll(tree.Parts, Pure)),
        _ => algebra.Loop(Pure(tree.Parts[0]), tree.Times.Min, tree.Times.Max),
    };

    private RegexNode Follow(RegexNode text, Func<Before, RegexNode> rest, Before before)
    {
        var afterWord = rest(Before.Word);
        var afterOther = rest(Before.Other);
        var afterNothing = text.IsNullable ? rest(before) : algebra.None;
        if (afterWord == afterOther && (!text.IsNullable || afterNothing == afterWord))
        {
            return algebra.Concat(text, afterWord);
        }

        var some = NotEmpty(text);
        var withSome = afterWord == afterOther
            ? algebra.Concat(some, afterWord)
            : algebra.Or(
                algebra.Concat(algebra.And(some, endsInWord), afterWord), algebra.Concat(algebra.And(some, endsOtherwise), afterOther));
        return algebra.Or(afterNothing, withSome);
    }

    private RegexNode NotEmpty(RegexNode text) => text switch
    {
        { IsNullable: false } => text,
        { Kind: RegexKind.Loop } when !text.Parts[0].IsNullable => algebra.Loop(text.Parts[0], 1, text.Max),
        _ => algebra.And(text, algebra.Not(algebra.Empty)),
    };

    private RegexNode AtBound(RegexNode rest, bool isBound, bool afterWord)
    {
        var beginsWithWord = algebra.Concat(algebra.Set(CodePointSet.Word), algebra.Any);
        return algebra.And(rest, isBound == afterWord ? algebra.Not(beginsWithWord) : beginsWithWord);
    }

    private RegexNode Checked(RegexNode language)
    {
        var seen = new HashSet<RegexNode> { language };
        var queue = new Queue<RegexNode>(seen);
        while (seen.Count < MostLookedAt && queue.TryDequeue(out var node))
        {
            if (Breadth(node) > MostAlternatives)
            {
                throw new PatternException("its repetitions leave too many ways open at once: write it so that one of them ends where the next begins");
            }

            foreach (var target in algebra.Steps(node).Targets)
            {
                if (seen.Add(target))
                {
                    queue.Enqueue(target);
                }
            }
        }

        return language;
    }

    private static int Breadth(RegexNode node) => node.Kind switch
    {
        RegexKind.Or => node.Parts.Count(part => !IsLiteral(part)),
        RegexKind.And => node.Parts.Sum(Breadth),
        RegexKind.Not => Breadth(node.Parts[0]),
        RegexKind.Concat => Math.Max(Breadth(node.Parts[0]), Breadth(node.Parts[1])),
        _ => 1,
    };

    private static bool IsLiteral(RegexNode node) =>
        node.Kind is RegexKind.Set or RegexKind.Empty || (node.Kind == RegexKind.Concat && node.Parts[0].Kind == RegexKind.Set);
}
