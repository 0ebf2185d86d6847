using System.Text;
using System.Text.Json;

namespace FlexGen.Constraints.Tests;

/// <summary>Constraints for a small vocabulary: each byte, and some tokens of several.</summary>
internal static class Rules
{
    private static readonly string[] longer =
        ["\":", "\",", "\":\"", "{\"", "[\"", "\"}", "\"]", "},", "],", "null", "true", "false", "ab", "abc", "the", " the", "\",\"", "\":{\"", "123", "12", ": ", ", ", "\\n", "é", "\":\"\",\""];

    public static byte[][] Bytes { get; } = [.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value }), .. longer.Select(Encoding.UTF8.GetBytes)];

    public static int End { get; } = Bytes.Length;

    public static TokenBytes Tokens { get; } = new([.. Bytes, null], [End], text => [.. Encoding.UTF8.GetBytes(text).Select(value => (int)value)]);

    public static Constraint Schema(string schema, ConstraintOptions? options = null) =>
        Constraint.ForSchema(JsonElement.Parse(schema), Tokens, options ?? ConstraintOptions.Default);

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
