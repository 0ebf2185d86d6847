namespace FlexGen.Constraints.Regexes;

/// <summary>
/// Makes regular languages: of sets, sequences, alternatives and repetitions, but also intersections and complements. They are stepped through by derivatives:
/// what is left of a language after a code point is a language again, and since equal ones are one object, an automaton comes of it as far as it is walked.
/// Not thread-safe; its owner locks it.
/// </summary>
internal sealed partial class RegexAlgebra
{
    /// <summary>The bound of a repetition that has none.</summary>
    public const int Endless = int.MaxValue;

    private readonly Dictionary<NodeKey, RegexNode> nodes = [];

    public RegexAlgebra()
    {
        None = Make(new NodeKey(RegexKind.None), isNullable: false, isBoolean: false, minLength: int.MaxValue);
        Empty = Make(new NodeKey(RegexKind.Empty), isNullable: true, isBoolean: false, minLength: 0);
        Any = Loop(Set(CodePointSet.All), 0, Endless);
    }

    /// <summary>No text.</summary>
    public RegexNode None { get; }

    /// <summary>The empty text.</summary>
    public RegexNode Empty { get; }

    /// <summary>Every text.</summary>
    public RegexNode Any { get; }

    /// <summary>How many nodes there are.</summary>
    public int Count => nodes.Count;

    public RegexNode Set(CodePointSet set) =>
        set.IsEmpty ? None : Make(new NodeKey(RegexKind.Set) { Set = set }, isNullable: false, isBoolean: false, minLength: 1);

    public RegexNode Multiple(MultipleState state) =>
        Make(new NodeKey(RegexKind.Multiple) { Multiple = state }, state.IsWhole, isBoolean: true, minLength: 0);

    public RegexNode Literal(string text)
    {
        var node = Empty;
        foreach (var rune in text.EnumerateRunes().Reverse())
        {
            node = Concat(Set(CodePointSet.Of(rune.Value)), node);
        }

        return node;
    }

    /// <summary>One of several texts, each prefix of theirs once.</summary>
    public RegexNode Literals(IEnumerable<string> texts) =>
        Literals([.. texts.Distinct().Select(text => text.EnumerateRunes().Select(rune => rune.Value).ToArray())], 0);

    /// <summary>A language that another algebra made.</summary>
    public RegexNode Import(RegexNode node)
    {
        var parts = Array.ConvertAll(node.Parts, Import);
        return node.Kind switch
        {
            RegexKind.None => None,
            RegexKind.Empty => Empty,
            RegexKind.Set => Set(node.Set!),
            RegexKind.Concat => Concat(parts[0], parts[1]),
            RegexKind.Or => Or(parts),
            RegexKind.And => And(parts),
            RegexKind.Not => Not(parts[0]),
            RegexKind.Loop => Loop(parts[0], node.Min, node.Max),
            _ => Multiple(node.Multiple),
        };
    }

    public RegexNode Concat(RegexNode first, RegexNode second)
    {
        if (first.IsEmpty || second.IsEmpty)
        {
            return None;
        }

        if (first == Empty || second == Empty)
        {
            return first == Empty ? second : first;
        }

        if (first.Kind == RegexKind.Concat)
        {
            return Concat(first.Parts[0], Concat(first.Parts[1], second));
        }

        if (first == Any && (second == Any || (second.Kind == RegexKind.Concat && second.Parts[0] == Any)))
        {
            return second;
        }

        return Make(
            new NodeKey(RegexKind.Concat, [first, second]),
            first.IsNullable && second.IsNullable,
            first.IsBoolean || second.IsBoolean,
            Plus(first.MinLength, second.MinLength));
    }

    public RegexNode Concat(params ReadOnlySpan<RegexNode> nodes)
    {
        var all = Empty;
        for (var i = nodes.Length - 1; i >= 0; i--)
        {
            all = Concat(nodes[i], all);
        }

        return all;
    }

    public RegexNode Optional(RegexNode node) => Loop(node, 0, 1);

    public RegexNode Loop(RegexNode node, int min, int max)
    {
        if (max == 0 || node == Empty)
        {
            return Empty;
        }

        if (node.IsEmpty)
        {
            return min == 0 ? Empty : None;
        }

        if (min == 1 && max == 1)
        {
            return node;
        }

        if (node.Kind == RegexKind.Loop && node.Min <= 1 && node.Max == Endless && max >= 1)
        {
            return node.Min == 0 || min == 0 ? Loop(node.Parts[0], 0, Endless) : min == 1 ? node : Loop(node.Parts[0], min, Endless);
        }

        min = node.IsNullable ? 0 : min;
        return Make(
            new NodeKey(RegexKind.Loop, [node]) { Min = min, Max = max },
            min == 0,
            node.IsBoolean,
            (int)Math.Min((long)node.MinLength * min, int.MaxValue));
    }

    private static int Plus(int first, int second) => (int)Math.Min((long)first + second, int.MaxValue);

    private RegexNode Literals(int[][] texts, int at)
    {
        var alternatives = texts.Where(text => text.Length > at).GroupBy(text => text[at])
            .Select(group => Concat(Set(CodePointSet.Of(group.Key)), Literals([.. group], at + 1)));
        return Or([.. alternatives, .. texts.Any(text => text.Length == at) ? (RegexNode[])[Empty] : []]);
    }

    private RegexNode Make(NodeKey key, bool isNullable, bool isBoolean, int minLength)
    {
        if (!nodes.TryGetValue(key, out var node))
        {
            node = new RegexNode
            {
                Id = nodes.Count,
                Kind = key.Kind,
                Set = key.Set,
                Parts = key.Parts,
                Min = key.Min,
                Max = key.Max,
                Multiple = key.Multiple,
                IsNullable = isNullable,
                IsBoolean = isBoolean,
                MinLength = minLength,
            };
            nodes[key] = node;
        }

        return node;
    }

    private readonly struct NodeKey(RegexKind kind, RegexNode[]? parts = null) : IEquatable<NodeKey>
    {
        public RegexKind Kind { get; } = kind;

        public RegexNode[] Parts { get; } = parts ?? [];

        public CodePointSet? Set { get; init; }

        public int Min { get; init; }

        public int Max { get; init; }

        public MultipleState Multiple { get; init; }

        public bool Equals(NodeKey other) =>
            Kind == other.Kind && Min == other.Min && Max == other.Max && Multiple == other.Multiple && Equals(Set, other.Set)
            && Parts.AsSpan().SequenceEqual(other.Parts);

        public override bool Equals(object? obj) => obj is NodeKey other && Equals(other);

        public override int GetHashCode()
        {
            var hash = HashCode.Combine(Kind, Min, Max, Multiple, Set);
            foreach (var part in Parts)
            {
                hash = hash * 31 + part.Id;
            }

            return hash;
        }
    }
}
