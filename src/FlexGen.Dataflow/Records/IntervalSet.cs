namespace FlexGen.Dataflow.Records;

/// <summary>A set of positions, kept as sorted disjoint intervals [Start, End) that do not touch.</summary>
internal sealed class IntervalSet
{
    private readonly List<(long Start, long End)> intervals = [];

    public IReadOnlyList<(long Start, long End)> Intervals => intervals;

    /// <summary>The first position from <paramref name="start"/> on that is not in the set.</summary>
    public long FirstLacking(long start) => EndOf(start) ?? start;

    /// <summary>The end of the interval that holds a position; null where none does.</summary>
    public long? EndOf(long position)
    {
        var at = FirstThatEndsAtOrAfter(position + 1);
        return at < intervals.Count && intervals[at].Start <= position ? intervals[at].End : null;
    }

    public long Count => intervals.Sum(interval => interval.End - interval.Start);

    /// <summary>How many positions of [start, end) are in the set.</summary>
    public long CountIn(long start, long end) => intervals.Sum(interval => Math.Max(0, Math.Min(interval.End, end) - Math.Max(interval.Start, start)));

    public IntervalSet Copy()
    {
        var copy = new IntervalSet();
        copy.intervals.AddRange(intervals);
        return copy;
    }

    /// <summary>Adds [start, end).</summary>
    /// <returns>False where some of it was there already; the rest is added all the same.</returns>
    public bool Add(long start, long end)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, end);
        if (start == end)
        {
            return true;
        }

        var first = FirstThatEndsAtOrAfter(start);
        var last = first;
        var isNew = true;
        while (last < intervals.Count && intervals[last].Start <= end)
        {
            isNew &= intervals[last].End <= start || intervals[last].Start >= end;
            start = Math.Min(start, intervals[last].Start);
            end = Math.Max(end, intervals[last].End);
            last++;
        }

        if (last == first)
        {
            intervals.Insert(first, (start, end));
        }
        else
        {
            intervals[first] = (start, end);
            intervals.RemoveRange(first + 1, last - first - 1);
        }

        return isNew;
    }

    /// <summary>Adds all of <paramref name="other"/>.</summary>
    /// <returns>False where some of it was there already.</returns>
    public bool AddAll(IntervalSet other)
    {
        var isNew = true;
        foreach (var (start, end) in other.intervals)
        {
            isNew &= Add(start, end);
        }

        return isNew;
    }

    public bool Contains(long position) => EndOf(position) is not null;

    /// <summary>Whether any of [start, end) is in the set.</summary>
    public bool Overlaps(long start, long end)
    {
        var at = FirstThatEndsAtOrAfter(start + 1);
        return start < end && at < intervals.Count && intervals[at].Start < end;
    }

    /// <summary>Whether all of [start, end) is in the set.</summary>
    public bool Covers(long start, long end)
    {
        var at = FirstThatEndsAtOrAfter(end);
        return start >= end || (at < intervals.Count && intervals[at].Start <= start);
    }

    private int FirstThatEndsAtOrAfter(long position)
    {
        var low = 0;
        var high = intervals.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (intervals[middle].End < position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
