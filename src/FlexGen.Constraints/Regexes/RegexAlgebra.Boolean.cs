namespace FlexGen.Constraints.Regexes;

// Alternatives, intersections and complements.
internal sealed partial class RegexAlgebra
{
    public RegexNode Or(params ReadOnlySpan<RegexNode> nodes)
    {
        var members = new List<RegexNode>();
        var set = CodePointSet.None;
        foreach (var node in nodes)
        {
            AddAlternatives(node, members, ref set);
        }

        if (!set.IsEmpty)
        {
            members.Add(Set(set));
        }

        if (members.Contains(Any))
        {
            return Any;
        }

        members = Distinct(members);
        DropContainedLoops(members);
        if (members.Exists(member => member != Empty && member.IsNullable))
        {
            members.Remove(Empty);
        }

        if (members.Count <= 1)
        {
            return members.Count == 0 ? None : members[0];
        }

        return Make(
            new NodeKey(RegexKind.Or, [.. members]),
            members.Exists(member => member.IsNullable),
            members.Exists(member => member.IsBoolean),
            members.Min(member => member.MinLength));
    }

    public RegexNode And(params ReadOnlySpan<RegexNode> nodes)
    {
        var members = new List<RegexNode>();
        foreach (var node in nodes)
        {
            members.AddRange(node.Kind == RegexKind.And ? node.Parts : [node]);
        }

        members.RemoveAll(member => member == Any);
        members = Distinct(members);
        if (members.Exists(member => member.IsEmpty || (member.Kind == RegexKind.Not && members.Contains(member.Parts[0]))))
        {
            return None;
        }

        if (members.Contains(Empty))
        {
            return members.TrueForAll(member => member.IsNullable) ? Empty : None;
        }

        if (IntersectLoops(members) is { } narrowed)
        {
            return narrowed;
        }

        if (members.Count <= 1)
        {
            return members.Count == 0 ? Any : members[0];
        }

        return Make(
            new NodeKey(RegexKind.And, [.. members]),
            members.TrueForAll(member => member.IsNullable),
            isBoolean: true,
            minLength: members.Max(member => member.MinLength == int.MaxValue ? 0 : member.MinLength));
    }

    public RegexNode Not(RegexNode node)
    {
        if (node.IsEmpty || node == Any)
        {
            return node.IsEmpty ? Any : None;
        }

        return node.Kind == RegexKind.Not
            ? node.Parts[0]
            : Make(new NodeKey(RegexKind.Not, [node]), !node.IsNullable, isBoolean: true, minLength: 0);
    }

    private static void AddAlternatives(RegexNode node, List<RegexNode> members, ref CodePointSet set)
    {
        switch (node.Kind)
        {
            case RegexKind.None:
                break;
            case RegexKind.Set:
                set = set.Union(node.Set!);
                break;
            case RegexKind.Or:
                foreach (var part in node.Parts)
                {
                    AddAlternatives(part, members, ref set);
                }

                break;
            default:
                members.Add(node);
                break;
        }
    }

    private static List<RegexNode> Distinct(List<RegexNode> members)
    {
        members.Sort((x, y) => x.Id.CompareTo(y.Id));
        var kept = new List<RegexNode>(members.Count);
        foreach (var member in members)
        {
            if (kept.Count == 0 || kept[^1] != member)
            {
                kept.Add(member);
            }
        }

        return kept;
    }

    // a{0,5} is in a{0,9}; also where the same follows both.
    private static void DropContainedLoops(List<RegexNode> members)
    {
        for (var i = members.Count - 1; i >= 0 && members.Count <= 64; i--)
        {
            var (loop, rest) = Split(members[i]);
            if (loop is not null && members.Exists(other => other != members[i] && Split(other) is ({ } larger, var after)
                && after == rest && larger.Parts[0] == loop.Parts[0] && larger.Min <= loop.Min && larger.Max >= loop.Max))
            {
                members.RemoveAt(i);
            }
        }

        static (RegexNode? Loop, RegexNode? After) Split(RegexNode node) => node.Kind switch
        {
            RegexKind.Loop => (node, null),
            RegexKind.Concat when node.Parts[0].Kind == RegexKind.Loop => (node.Parts[0], node.Parts[1]),
            _ => (null, null),
        };
    }

    // Repetitions of single code points become one, and begin with the code points that others begin with: no intersection is left of most.
    private RegexNode? IntersectLoops(List<RegexNode> members)
    {
        var sets = members.FindAll(member => member.Kind == RegexKind.Set || (member.Kind == RegexKind.Loop && member.Parts[0].Kind == RegexKind.Set));
        if (sets.Count > 1)
        {
            var set = sets.Aggregate(CodePointSet.All, (common, each) => common.Intersect(each.Set ?? each.Parts[0].Set!));
            var min = sets.Max(each => each.Kind == RegexKind.Set ? 1 : each.Min);
            var max = sets.Min(each => each.Kind == RegexKind.Set ? 1 : each.Max);
            members.RemoveAll(sets.Contains);
            return min > max ? None : And([.. members, Loop(Set(set), min, max)]);
        }

        var concat = members.Find(member => member.Kind == RegexKind.Concat && member.Parts[0].Kind == RegexKind.Set);
        if (sets is not [{ Kind: RegexKind.Loop } loop] || concat is null)
        {
            return null;
        }

        members.Remove(loop);
        members.Remove(concat);
        var head = Set(concat.Parts[0].Set!.Intersect(loop.Parts[0].Set!));
        return And([.. members, Concat(head, And(concat.Parts[1], Rest(loop)))]);
    }

    /// <summary>A repetition after its first turn.</summary>
    private RegexNode Rest(RegexNode loop) =>
        Loop(loop.Parts[0], Math.Max(loop.Min - 1, 0), loop.Max == Endless ? Endless : loop.Max - 1);
}
