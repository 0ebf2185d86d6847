namespace FlexGen.Constraints.Regexes;

/// <summary>What follows each code point: intervals in order, from 0 to the last, with a target each.</summary>
/// <param name="starts">Where the intervals begin.</param>
/// <param name="targets">What follows a code point of each.</param>
internal sealed class RegexSteps(int[] starts, RegexNode[] targets)
{
    public int[] Starts { get; } = starts;

    public RegexNode[] Targets { get; } = targets;

    public RegexNode After(int point)
    {
        var index = Array.BinarySearch(Starts, point);
        return Targets[index >= 0 ? index : ~index - 1];
    }
}
