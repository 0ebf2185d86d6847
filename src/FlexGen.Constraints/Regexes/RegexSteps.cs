namespace FlexGen.Constraints.Regexes;

/// <summary>What follows each code point: intervals in order, from 0 to the last, with a target each.</summary>
/// <typeparam name="T">A target.</typeparam>
/// <param name="starts">Where the intervals begin.</param>
/// <param name="targets">What follows a code point of each.</param>
internal sealed class RegexSteps<T>(int[] starts, T[] targets)
{
    public int[] Starts { get; } = starts;

    public T[] Targets { get; } = targets;

    public T After(int point)
    {
        var index = Array.BinarySearch(Starts, point);
        return Targets[index >= 0 ? index : ~index - 1];
    }
}
