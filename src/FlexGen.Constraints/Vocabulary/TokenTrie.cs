namespace FlexGen.Constraints.Vocabulary;

/// <summary>
/// The bytes of tokens as a tree: nodes in the order of a walk, the root first, so that a node's descendants are the nodes after it up to
/// <see cref="End"/>. The tokens of a node and of all below it stand together in <see cref="Tokens"/>.
/// </summary>
internal sealed class TokenTrie
{
    public const int Root = 0;

    private readonly int[] firstToken;

    /// <param name="tokens">Tokens, each with its bytes or what is left of them.</param>
    public TokenTrie(List<(ReadOnlyMemory<byte> Bytes, int Token)> tokens)
    {
        tokens.Sort((x, y) => x.Bytes.Span.SequenceCompareTo(y.Bytes.Span) is var order && order != 0 ? order : x.Token.CompareTo(y.Token));
        var labels = new List<byte> { 0 };
        var depths = new List<int> { 0 };
        var first = new List<int> { 0 };
        ReadOnlySpan<byte> before = [];
        for (var i = 0; i < tokens.Count; i++)
        {
            var bytes = tokens[i].Bytes.Span;
            for (var depth = before.CommonPrefixLength(bytes); depth < bytes.Length; depth++)
            {
                labels.Add(bytes[depth]);
                depths.Add(depth + 1);
                first.Add(i);
            }

            before = bytes;
        }

        first.Add(tokens.Count);
        Tokens = [.. tokens.Select(token => token.Token)];
        Labels = [.. labels];
        firstToken = [.. first];
        Depths = [.. depths];
        End = new int[Labels.Length];
        Below = new uint[Labels.Length];
        Heights = new int[Labels.Length];
        Close();
    }

    /// <param name="tokens">By id, bytes; null or empty where there are none.</param>
    public static TokenTrie Of(IReadOnlyList<byte[]?> tokens) =>
        new([.. tokens.Index().Where(token => token.Item is { Length: > 0 }).Select(token => (new ReadOnlyMemory<byte>(token.Item), token.Index))]);

    /// <summary>The byte that leads to a node.</summary>
    public byte[] Labels { get; }

    /// <summary>How many bytes lead to a node.</summary>
    public int[] Depths { get; }

    /// <summary>The node after a node's last descendant.</summary>
    public int[] End { get; }

    /// <summary>Classes of the bytes below a node.</summary>
    public uint[] Below { get; }

    /// <summary>Code points that begin below a node, on the way where they are the most.</summary>
    public int[] Heights { get; }

    /// <summary>Ids of tokens in the order of their nodes.</summary>
    public int[] Tokens { get; }

    /// <summary>The tokens that end at a node.</summary>
    public ReadOnlySpan<int> At(int node) => Tokens.AsSpan(firstToken[node]..firstToken[node + 1]);

    /// <summary>Where in <see cref="Tokens"/> those stand that end at a node or below it.</summary>
    public Range Place(int node) => firstToken[node]..firstToken[End[node]];

    /// <summary>The tokens that end at a node or below it.</summary>
    public ReadOnlySpan<int> Under(int node) => Tokens.AsSpan(firstToken[node]..firstToken[End[node]]);

    /// <summary>The node a byte below another; -1 where there is none.</summary>
    public int Child(int node, byte value)
    {
        for (var child = node + 1; child < End[node]; child = End[child])
        {
            if (Labels[child] >= value)
            {
                return Labels[child] == value ? child : -1;
            }
        }

        return -1;
    }

    private void Close()
    {
        var open = new Stack<int>();
        for (var node = 0; node <= Labels.Length; node++)
        {
            while (open.Count > 0 && (node == Labels.Length || Depths[node] <= Depths[open.Peek()]))
            {
                var closed = open.Pop();
                End[closed] = node;
                if (open.TryPeek(out var parent))
                {
                    Below[parent] |= Below[closed] | ByteClasses.BitOf(Labels[closed]);
                    Heights[parent] = Math.Max(Heights[parent], Heights[closed] + (Labels[closed] is < 0x80 or > 0xBF ? 1 : 0));
                }
            }

            if (node < Labels.Length)
            {
                open.Push(node);
            }
        }
    }
}
