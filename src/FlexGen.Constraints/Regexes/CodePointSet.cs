using FlexGen.Schemas;

namespace FlexGen.Constraints.Regexes;

/// <summary>A set of code points, as ranges in order. Halves of surrogate pairs are in none: texts have none.</summary>
internal sealed class CodePointSet : IEquatable<CodePointSet>
{
    public const int Last = CodePoints.Last;

    public const int FirstHalf = 0xD800;
    public const int LastHalf = 0xDFFF;

    private readonly int hash;

    private CodePointSet(List<(int First, int Last)> ranges)
    {
        Ranges = [.. ranges];
        var all = new HashCode();
        foreach (var range in Ranges)
        {
            all.Add(range);
        }

        hash = all.ToHashCode();
    }

    public static CodePointSet None { get; } = new([]);

    public static CodePointSet All { get; } = Of([(0, Last)]);

    /// <summary>What <c>\w</c> of a pattern matches.</summary>
    public static CodePointSet Word { get; } = Of(CodePoints.Word.Ranges);

    public (int First, int Last)[] Ranges { get; }

    public bool IsEmpty => Ranges.Length == 0;

    /// <param name="unsorted">Ranges, both ends in the set, in any order.</param>
    public static CodePointSet Of(IEnumerable<(int First, int Last)> unsorted)
    {
        var merged = new List<(int First, int Last)>();
        foreach (var range in unsorted.SelectMany(WithoutHalves).Order())
        {
            if (merged.Count > 0 && range.First <= merged[^1].Last + 1)
            {
                merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, range.Last));
            }
            else
            {
                merged.Add(range);
            }
        }

        return new CodePointSet(merged);
    }

    public static CodePointSet Of(int point) => Of([(point, point)]);

    public bool Contains(int point)
    {
        foreach (var (first, last) in Ranges)
        {
            if (point <= last)
            {
                return point >= first;
            }
        }

        return false;
    }

    public CodePointSet Union(CodePointSet other) => Of(Ranges.Concat(other.Ranges));

    public CodePointSet Intersect(CodePointSet other)
    {
        var common = new List<(int, int)>();
        for (int i = 0, j = 0; i < Ranges.Length && j < other.Ranges.Length;)
        {
            var first = Math.Max(Ranges[i].First, other.Ranges[j].First);
            var last = Math.Min(Ranges[i].Last, other.Ranges[j].Last);
            if (first <= last)
            {
                common.Add((first, last));
            }

            _ = Ranges[i].Last < other.Ranges[j].Last ? i++ : j++;
        }

        return new CodePointSet(common);
    }

    public CodePointSet Complement()
    {
        var rest = new List<(int, int)>();
        var next = 0;
        foreach (var (first, last) in Ranges)
        {
            rest.Add((next, first - 1));
            next = last + 1;
        }

        rest.Add((next, Last));
        return Of(rest.Where(range => range.Item1 <= range.Item2));
    }

    public bool Equals(CodePointSet? other) => other is not null && (ReferenceEquals(this, other) || Ranges.AsSpan().SequenceEqual(other.Ranges));

    public override bool Equals(object? obj) => Equals(obj as CodePointSet);

    public override int GetHashCode() => hash;

    private static IEnumerable<(int First, int Last)> WithoutHalves((int First, int Last) range)
    {
        if (range.Last < FirstHalf || range.First > LastHalf)
        {
            return [range];
        }

        return new[] { (First: range.First, Last: FirstHalf - 1), (First: LastHalf + 1, Last: range.Last) }.Where(part => part.First <= part.Last);
    }
}
