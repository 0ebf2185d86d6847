using System.Text;
using System.Text.Json;

namespace FlexGen.Constraints.Tests;

/// <summary>Constraints for a small vocabulary: each byte, and some tokens of several.</summary>
internal static class Rules
{
    private static readonly string[] longer =
        ["\":", "\",", "\":\"", "{\"", "[\"", "\"}", "\"]", "},", "],", "null", "true", "false", "ab", "abc", "the", " the", "\",\"", "\":{\"", "123", "12", ": ", ", ", "\\n", "é", "\":\"\",\"",
        "{\"a\":", "a\":", "1,", "0.", "]}", "}}", "\"]}", "\",\"a", "\\u00", "😀", "2,\"", "[[", "[]", "{}", "1]", "\n  ", "e\",", "x\"}"];

    public static byte[][] Bytes { get; } = [.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value }), .. longer.Select(Encoding.UTF8.GetBytes)];

    public static int End { get; } = Bytes.Length;

    public static TokenBytes Tokens { get; } = new([.. Bytes, null], [End], text => Tokenize(Encoding.UTF8.GetBytes(text)));

    public static Constraint Schema(string schema, ConstraintOptions? options = null) =>
        Constraint.ForSchema(JsonElement.Parse(schema), Tokens, options ?? ConstraintOptions.Default);

    /// <summary>Cuts a text from its start into the longest tokens.</summary>
    public static List<int> Tokenize(byte[] text)
    {
        var tokens = new List<int>();
        for (var at = 0; at < text.Length; at += Bytes[tokens[^1]].Length)
        {
            tokens.Add(Enumerable.Range(0, Bytes.Length).Where(token => text.AsSpan(at).StartsWith(Bytes[token])).MaxBy(token => Bytes[token].Length));
        }

        return tokens;
    }

    /// <summary>A text is allowed byte by byte, by mask and by step, and may end.</summary>
    public static bool Allows(Constraint constraint, string text)
    {
        var rule = constraint.Begin();
        var mask = new uint[(Tokens.Size + 31) / 32];
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            rule.Fill(mask, 10_000);
            var isAllowed = (mask[value >> 5] >> value & 1) != 0;
            Assert.Equal(isAllowed, rule.Take(value));
            if (!isAllowed)
            {
                return false;
            }
        }

        rule.Fill(mask, 10_000);
        Assert.Equal(rule.MayEnd, (mask[End >> 5] >> End & 1) != 0);
        return rule.MayEnd;
    }
}
