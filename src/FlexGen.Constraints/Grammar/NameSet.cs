namespace FlexGen.Constraints.Grammar;

/// <summary>Which of an object's declared properties there are, by their numbers. It does not change.</summary>
internal sealed class NameSet : IEquatable<NameSet>
{
    private readonly ulong[] words;

    private NameSet(ulong[] words) => this.words = words;

    public static NameSet None(int count) => new(new ulong[(count + 63) / 64]);

    public int Count => words.Sum(word => System.Numerics.BitOperations.PopCount(word));

    public bool Contains(int index) => (words[index >> 6] >> index & 1) != 0;

    public NameSet With(int index)
    {
        var more = (ulong[])words.Clone();
        more[index >> 6] |= 1UL << index;
        return new NameSet(more);
    }

    public bool Equals(NameSet? other) => other is not null && words.AsSpan().SequenceEqual(other.words);

    public override bool Equals(object? obj) => Equals(obj as NameSet);

    public override int GetHashCode()
    {
        var hash = 17UL;
        foreach (var word in words)
        {
            hash = (hash ^ word) * 0x9E3779B97F4A7C15;
        }

        return (int)(hash >> 32);
    }
}
