namespace FlexGen.Constraints.Regexes;

// Which code points a language treats alike at its beginning.
internal sealed partial class RegexAlgebra
{
    /// <summary>Intervals of code points that each set has all of or none of, and which sets have them.</summary>
    private static (List<int> Starts, List<UInt128> Signatures) Classes(List<CodePointSet> sets)
    {
        var bounds = new List<(int At, UInt128 Toggled)>();
        for (var i = 0; i < sets.Count; i++)
        {
            // Where there are very many, several share a bit and the interval's number tells them apart.
            var bit = UInt128.One << Math.Min(i, 126);
            foreach (var (first, last) in sets[i].Ranges)
            {
                bounds.Add((first, bit));
                bounds.Add((last + 1, bit));
            }
        }

        bounds.Sort((x, y) => x.At.CompareTo(y.At));
        var starts = new List<int> { 0 };
        var signatures = new List<UInt128> { 0 };
        UInt128 signature = 0;
        foreach (var (at, toggled) in bounds)
        {
            signature ^= toggled;
            if (at > CodePointSet.Last)
            {
                break;
            }

            if (at > starts[^1])
            {
                starts.Add(at);
                signatures.Add(signature);
            }
            else
            {
                signatures[^1] = signature;
            }
        }

        if (sets.Count > 126)
        {
            signatures = [.. starts.Select(start => (UInt128)start)];
        }

        return (starts, signatures);
    }

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
                sets.AddRange("-.0123456789".Select(character => CodePointSet.Of(character)).Where(set => !sets.Contains(set)));
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
