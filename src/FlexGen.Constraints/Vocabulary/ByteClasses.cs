namespace FlexGen.Constraints.Vocabulary;

/// <summary>Bytes that most languages treat alike. A part of a trie that has bytes of some classes alone is passed at once where all of those lead nowhere
/// else.</summary>
internal static class ByteClasses
{
    public const int Count = 20;

    private static readonly byte[] classOf = [.. Enumerable.Range(0, 256).Select(value => (byte)Of(value))];

    private static readonly byte[][] members = [.. Enumerable.Range(0, Count).Select(each => Enumerable.Range(0, 256).Where(value
        => classOf[value] == each).Select(value => (byte)value).ToArray())];

    /// <summary>The bit of a byte's class.</summary>
    public static uint BitOf(byte value) => 1u << classOf[value];

    public static ReadOnlySpan<byte> Members(int index) => members[index];

    private static int Of(int value) => value switch
    {
        >= 0x80 => 0,
        < ' ' => 1,
        '"' => 2,
        '\\' => 3,
        ' ' => 4,
        >= '0' and <= '9' => 5,
        >= 'a' and <= 'f' => 6,
        >= 'g' and <= 'z' => 7,
        >= 'A' and <= 'F' => 8,
        >= 'G' and <= 'Z' => 9,
        '_' => 10,
        '-' => 11,
        '.' => 12,
        '/' => 13,
        ':' => 14,
        '@' => 15,
        ',' => 16,
        '<' or '>' or '(' or ')' or '[' or ']' or '{' or '}' => 17,
        0x7F => 18,
        _ => 19,
    };
}
