namespace FlexGen.Tokenizers.SentencePiece;

/// <summary>The UTF-8 of pieces as a trie.</summary>
internal sealed class PieceTrie
{
    public const int Root = 0, None = -1;
    private readonly Dictionary<int, int> children = [];
    private readonly List<int> idOfNode = [None];

    public void Add(ReadOnlySpan<byte> text, int id)
    {
        var node = Root;
        foreach (var value in text)
        {
            if (!children.TryGetValue(Key(node, value), out var child))
            {
                child = idOfNode.Count;
                children.Add(Key(node, value), child);
                idOfNode.Add(None);
            }

            node = child;
        }

        idOfNode[node] = id;
    }

    /// <summary>The node one byte below; None when no piece goes on like that.</summary>
    public int Step(int node, byte value) => children.TryGetValue(Key(node, value), out var child) ? child : None;

    /// <summary>The piece that ends at a node, or None.</summary>
    public int IdAt(int node) => idOfNode[node];

    private static int Key(int node, byte value) => checked(node << 8) | value;
}
