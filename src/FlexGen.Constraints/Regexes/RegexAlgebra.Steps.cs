namespace FlexGen.Constraints.Regexes;

// Derivatives, and the way to the nearest end.
internal sealed partial class RegexAlgebra
{
    /// <summary>How many languages are looked at for one that ends before it is said that none does.</summary>
    private const int MostSearched = 4000;

    private const int Near = 200;

    /// <summary>Where there are more, not all of them are looked at once there is an end.</summary>
    private const int MostSettled = 1000;

    // Characters that a shortest text is made of, as far as it has a choice.
    private const string Preferred = "a0A1 -";

    /// <summary>What is left of a language after each code point; none where no text goes on with it.</summary>
    public RegexSteps<RegexNode> Steps(RegexNode node)
    {
        if (node.Steps is { } known)
        {
            return known;
        }

        var derived = Derived(node);
        return node.Steps = node.IsBoolean
            ? new RegexSteps<RegexNode>(derived.Starts, Array.ConvertAll(derived.Targets, target => IsAlive(target) ? target : None))
            : derived;
    }

    /// <summary>It has a text. Where that is too long to find out, it is said that it has none.</summary>
    public bool IsAlive(RegexNode node) => Distance(node) < int.MaxValue;

    /// <summary>Code points of a shortest text; <see cref="int.MaxValue"/> where there is none.</summary>
    public int Distance(RegexNode node)
    {
        if (!node.IsBoolean || node.IsNullable)
        {
            return node.IsNullable ? 0 : node.MinLength;
        }

        if (node.Distance is null)
        {
            Search(node);
        }

        return node.Distance!.Value;
    }

    /// <summary>The first code point of a shortest text of a language that has one and lacks the empty text.</summary>
    public int First(RegexNode node)
    {
        var steps = Steps(node);
        var distance = steps.Targets.Min(Distance);
        foreach (var point in Preferred)
        {
            if (Distance(steps.After(point)) == distance)
            {
                return point;
            }
        }

        for (var i = 0; i < steps.Starts.Length; i++)
        {
            var last = i + 1 < steps.Starts.Length ? steps.Starts[i + 1] - 1 : CodePointSet.Last;
            // A printable one of the interval, where it has one; a half of a surrogate pair is none.
            var first = steps.Starts[i] < '!' && last >= '!' ? '!' : steps.Starts[i];
            first = first is >= CodePointSet.FirstHalf and <= CodePointSet.LastHalf ? CodePointSet.LastHalf + 1 : first;
            if (first <= last && Distance(steps.Targets[i]) == distance)
            {
                return first;
            }
        }

        throw new InvalidOperationException("a language that is said to have a text has none");
    }

    // The nearest end is mostly near. Where it is not, all that can be reached is looked at, once for all of it.
    private void Search(RegexNode start)
    {
        var queue = new PriorityQueue<RegexNode, (int, int)>();
        var previous = new Dictionary<RegexNode, (RegexNode? Before, int Depth)> { [start] = (null, 0) };
        queue.Enqueue(start, (0, 1));
        RegexNode? end = null;
        while ((end is null || previous.Count is > Near and <= MostSettled) && queue.TryDequeue(out var node, out var priority))
        {
            if (priority.Item2 == 0)
            {
                end ??= node;
                continue;
            }

            if (previous.Count > MostSearched)
            {
                start.Distance ??= end is null ? int.MaxValue : null;
                break;
            }

            var depth = previous[node].Depth + 1;
            foreach (var target in Derived(node).Targets)
            {
                if (target.IsEmpty || !previous.TryAdd(target, (node, depth)))
                {
                    continue;
                }

                var rest = Known(target);
                if (rest != int.MaxValue)
                {
                    queue.Enqueue(target, (depth + (rest ?? 0), rest is null ? 1 : 0));
                }
            }
        }

        if (queue.Count == 0 && (end is null || previous.Count is > Near and <= MostSettled))
        {
            SettleAll(previous.Keys);
        }
        else if (end is not null)
        {
            Settle(end, previous);
        }
    }

    private static int? Known(RegexNode node) =>
        node.IsNullable ? 0 : !node.IsBoolean ? node.MinLength : node.Distance;

    private static void Settle(RegexNode end, Dictionary<RegexNode, (RegexNode? Before, int Depth)> previous)
    {
        var distance = Known(end)!.Value;
        var node = end;
        while (node is not null)
        {
            node.Distance = distance++;
            node = previous[node].Before;
        }
    }

    // From all ends back.
    private void SettleAll(IReadOnlyCollection<RegexNode> nodes)
    {
        var before = new Dictionary<RegexNode, List<RegexNode>>();
        var queue = new PriorityQueue<RegexNode, int>();
        foreach (var node in nodes)
        {
            if (Known(node) is { } distance)
            {
                if (distance < int.MaxValue)
                {
                    queue.Enqueue(node, distance);
                }

                continue;
            }

            foreach (var target in Derived(node).Targets.Distinct())
            {
                System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(before, target, out _) ??= [];
                before[target].Add(node);
            }
        }

        while (queue.TryDequeue(out var node, out var distance))
        {
            foreach (var each in before.GetValueOrDefault(node) ?? [])
            {
                if (each.Distance is null)
                {
                    each.Distance = distance + 1;
                    queue.Enqueue(each, distance + 1);
                }
            }
        }

        foreach (var node in nodes)
        {
            node.Distance ??= Known(node) ?? int.MaxValue;
        }
    }

    // Without asking whether they are alive, which is what is being found out.
    private RegexSteps<RegexNode> Derived(RegexNode node)
    {
        if (node.Derived is { } known)
        {
            return known;
        }

        var sets = new List<CodePointSet>();
        AddHeads(node, sets);
        var (starts, signatures) = Classes(sets);
        var bySignature = new Dictionary<UInt128, RegexNode>();
        var targets = new List<RegexNode>();
        var kept = new List<int>();
        foreach (var (i, start) in starts.Index())
        {
            RegexNode? target;
            if (start is >= CodePointSet.FirstHalf and <= CodePointSet.LastHalf)
            {
                // No text has half a character, not even that of a complement.
                target = None;
            }
            else if (!bySignature.TryGetValue(signatures[i], out target))
            {
                bySignature[signatures[i]] = target = Derivative(node, start);
            }

            if (targets.Count == 0 || targets[^1] != target)
            {
                kept.Add(start);
                targets.Add(target);
            }
        }

        return node.Derived = new RegexSteps<RegexNode>([.. kept], [.. targets]);
    }

    private RegexNode Derivative(RegexNode node, int point) => node.Kind switch
    {
        RegexKind.None or RegexKind.Empty => None,
        RegexKind.Set => node.Set!.Contains(point) ? Empty : None,
        RegexKind.Concat when node.Parts[0].IsNullable =>
            Or(Concat(Derivative(node.Parts[0], point), node.Parts[1]), Derivative(node.Parts[1], point)),
        RegexKind.Concat => Concat(Derivative(node.Parts[0], point), node.Parts[1]),
        RegexKind.Or => Or(Array.ConvertAll(node.Parts, part => Derivative(part, point))),
        RegexKind.And => And(Array.ConvertAll(node.Parts, part => Derivative(part, point))),
        RegexKind.Not => Not(Derivative(node.Parts[0], point)),
        RegexKind.Loop => Concat(Derivative(node.Parts[0], point), Rest(node)),
        _ => node.Multiple.After(point) is { } next ? Multiple(next) : None,
    };
}
