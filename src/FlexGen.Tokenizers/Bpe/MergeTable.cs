namespace FlexGen.Tokenizers.Bpe;

/// <summary>The merges of a byte-pair encoding, by the ids of the pair.</summary>
internal sealed class MergeTable(int capacity)
{
    private readonly Dictionary<long, Merge> merges = new(capacity);

    public void Add(int left, int right, Merge merge) => merges[Key(left, right)] = merge;

    public bool TryGet(int left, int right, out Merge merge) => merges.TryGetValue(Key(left, right), out merge);

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;
}
