namespace FlexGen.Constraints.Grammar;

/// <summary>Where one is in an array.</summary>
/// <param name="Count">How many items it has, as far as that matters.</param>
/// <param name="Hits">How many of each of <see cref="ArrayRule.Hits"/>, as far as that matters, in 16 bits each.</param>
/// <param name="Room">How deep items may be; <see cref="int.MaxValue"/> where all are less deep.</param>
internal readonly record struct ArrayPlace(long Count, ulong Hits, int Room)
{
    public const int MostHits = ushort.MaxValue;

    public static ArrayPlace Start => new(0, 0, int.MaxValue);

    public int HitsOf(int index) => (ushort)(Hits >> 16 * index);

    public ArrayPlace WithHit(int index) => this with { Hits = Hits + (1UL << 16 * index) };
}
