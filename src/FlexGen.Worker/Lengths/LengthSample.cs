using FlexGen.Planning.Cost;

namespace FlexGen.Worker.Lengths;

/// <summary>
/// Some of many sequences' lengths, each of which is as likely to be among them (a reservoir) or, where only so many are remembered, the later the
/// likelier: beyond those a new one always has the same chance to take another's place.
/// </summary>
/// <param name="remembered">Of about how many the sample is.</param>
/// <param name="random">Chooses.</param>
/// <param name="earlier">What the sample was before; no more than <see cref="Room"/> count.</param>
internal sealed class LengthSample(long remembered, Random random, params IReadOnlyList<SequenceLengths> earlier)
{
    /// <summary>How many are kept.</summary>
    public const int Room = 256;

    private readonly List<SequenceLengths> kept = [.. earlier.Take(Room)];
    private long seen = Math.Min(earlier.Count, Room);

    public IReadOnlyList<SequenceLengths> Kept => [.. kept];

    public void Add(SequenceLengths lengths)
    {
        seen = Math.Min(seen + 1, remembered);
        if (kept.Count < Room)
        {
            kept.Add(lengths);
        }
        else if (random.NextInt64(seen) is var place and < Room)
        {
            kept[(int)place] = lengths;
        }
    }
}
