namespace FlexGen.Constraints.Regexes;

// Derivatives, and the way to the nearest end.
internal sealed partial class RegexAlgebra
{
    /// <summary>How many languages are looked at for one that ends before it is said that none does.</summary>
    private const int MostSearched = 4000;

    // Characters that a shortest text is made of, as far as it has a choice.
    private const string Preferred = "a0A1 -";

    /// <summary>What is left of a language after each code point.</summary>
    public RegexSteps Steps(RegexNode node)
    {
        if (node.Steps is { } known)
        {
            return known;
        }

        var sets = new List<CodePointSet>();
        AddHeads(node, sets);
        var bounds = new SortedSet<int> { 0 };
        foreach (var (first, last) in sets.SelectMany(set => set.Ranges))
        {
            bounds.Add(first);
            bounds.Add(last + 1);
        }

        bounds.Remove(CodePointSet.Last + 1);
        var starts = new List<int>();
        var targets = new List<RegexNode>();
        var bySignature = new Dictionary<string, RegexNode>();
        var signature = new char[sets.Count];
        foreach (var start in bounds)
        {
            for (var i = 0; i < signature.Length; i++)
            {
                signature[i] = sets[i].Contains(start) ? '1' : '0';
            }

            var key = new string(signature);
            if (!bySignature.TryGetValue(key, out var target))
            {
                target = Derivative(node, start);
                target = IsAlive(target) ? target : None;
                bySignature[key] = target;
            }

            if (targets.Count == 0 || targets[^1] != target)
            {
                starts.Add(start);
                targets.Add(target);
            }
        }

        return node.Steps = new RegexSteps([.. starts], [.. targets]);
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
        var distance = Distance(node) - 1;
        foreach (var point in Preferred)
        {
            if (Distance(steps.After(point)) == distance)
            {
                return point;
            }
        }

        var index = Array.FindIndex(steps.Targets, target => Distance(target) == distance);
        // A printable one of the interval, where it has one.
        var end = index + 1 < steps.Starts.Length ? steps.Starts[index + 1] : CodePointSet.Last + 1;
        return steps.Starts[index] < ' ' && end > '!' ? '!' : steps.Starts[index];
    }

    private void Search(RegexNode start)
    {
        var queue = new PriorityQueue<RegexNode, (int, int)>();
        var previous = new Dictionary<RegexNode, RegexNode?> { [start] = null };
        var depths = new Dictionary<RegexNode, int> { [start] = 0 };
        var ends = new HashSet<RegexNode>();
        queue.Enqueue(start, (0, 0));
        var searched = 0;
        while (queue.TryDequeue(out var node, out _))
        {
            if (ends.Contains(node))
            {
                Settle(node, previous);
                return;
            }

            if (++searched > MostSearched)
            {
                start.Distance = int.MaxValue;
                return;
            }

            foreach (var (target, _) in Derivatives(node))
            {
                if (!previous.TryAdd(target, node))
                {
                    continue;
                }

                var depth = depths[target] = depths[node] + 1;
                var rest = Known(target);
                if (rest == int.MaxValue)
                {
                    continue;
                }

                if (rest is not null)
                {
                    ends.Add(target);
                }

                queue.Enqueue(target, (depth + (rest ?? 0), rest is null ? 0 : 1));
            }
        }

        foreach (var node in previous.Keys)
        {
            node.Distance ??= int.MaxValue;
        }
    }

    private static int? Known(RegexNode node) =>
        node.IsNullable ? 0 : !node.IsBoolean ? node.MinLength : node.Distance;

    private static void Settle(RegexNode end, Dictionary<RegexNode, RegexNode?> previous)
    {
        var distance = Known(end)!.Value;
        var node = end;
        while (node is not null)
        {
            node.Distance = distance++;
            node = previous[node];
        }
    }

    // Without asking whether they are alive, which is what is being found out.
    private List<(RegexNode Target, int Point)> Derivatives(RegexNode node)
    {
        var sets = new List<CodePointSet>();
        AddHeads(node, sets);
        var classes = new List<CodePointSet> { CodePointSet.All };
        foreach (var set in sets)
        {
            var outside = set.Complement();
            classes = [.. classes.SelectMany(each => new[] { each.Intersect(set), each.Intersect(outside) }).Where(each => !each.IsEmpty)];
        }

        return [.. classes.Select(each => each.Ranges[0].First).Select(point => (Derivative(node, point), point)).Where(step => !step.Item1.IsEmpty)];
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

    private static void AddHeads(RegexNode node, List<CodePointSet> sets)
    {
        switch (node.Kind)
        {
            case RegexKind.Set:
                if (!sets.Contains(node.Set!))
                {
                    sets.Add(node.Set!);
                }

                break;
            case RegexKind.Concat:
                AddHeads(node.Parts[0], sets);
                if (node.Parts[0].IsNullable)
                {
                    AddHeads(node.Parts[1], sets);
                }

                break;
            case RegexKind.Multiple:
                sets.AddRange(((IEnumerable<int>)"-.0123456789".Select(c => (int)c)).Select(CodePointSet.Of));
                break;
            default:
                foreach (var part in node.Parts)
                {
                    AddHeads(part, sets);
                }

                break;
        }
    }
}
