namespace FlexGen.Dataflow;

/// <summary>Suggests what a misspelt name may have meant.</summary>
public static class NearestName
{
    /// <summary>The candidate with the fewest edits from <paramref name="name"/>, case aside; null where none is close.</summary>
    public static string? Of(string name, IEnumerable<string> candidates)
    {
        var (best, distance) = candidates
            .Select(candidate => (candidate, Edits(name, candidate)))
            .DefaultIfEmpty(("", int.MaxValue))
            .MinBy(pair => pair.Item2);
        return distance <= Math.Max(2, name.Length / 2) ? best : null;
    }

    /// <summary>Ends a sentence that names what is unknown: <c>; did you mean 'x'?</c>, or a full stop.</summary>
    public static string Hint(string name, IEnumerable<string> candidates) =>
        Of(name, candidates) is { } nearest ? $"; did you mean '{nearest}'?" : ".";

    private static int Edits(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + replace);
            }

            previous = current;
        }

        return previous[^1];
    }
}
