using System.Text;
using FlexGen.Constraints;

namespace FlexGen.Worker.Benchmarking;

/// <summary>
/// What the tokens of a shape would write, which has no tokenizer: each byte, then words as a tokenizer of texts and code has them, with a space before half
/// of them. None of them ends a sequence, so that outputs have the length that was asked for.
/// </summary>
internal static class MadeUpTokens
{
    private const int Bytes = 256;
    private const string Letters = "etaoinshrdlucmfwypvbgkqjxzETAOINSHRDL0123456789_";
    private static readonly string[] marks =
        ["\": \"", "\",", "\": ", "{\"", "\"}", "},", "]", "[{", "\"", ", \"", ": ", "0", "1", "true", "false", "null", "\n", "  "];

    public static TokenBytes Create(int vocabularySize)
    {
        var random = new Random(3);
        var tokens = new List<byte[]?>();
        var known = new HashSet<string>(marks, StringComparer.Ordinal);
        tokens.AddRange(Enumerable.Range(0, Math.Min(Bytes, vocabularySize)).Select(value => new[] { (byte)value }));
        tokens.AddRange(marks.Take(vocabularySize - tokens.Count).Select(Encoding.UTF8.GetBytes));
        while (tokens.Count < vocabularySize)
        {
            var word = new StringBuilder(random.Next(2) == 0 ? " " : "");
            // Longer ones are more, as there are more of them to have.
            for (var left = 2 + (int)(10 * Math.Sqrt(random.NextDouble())); left > 0; left--)
            {
                word.Append(Letters[(int)(Letters.Length * random.NextDouble() * random.NextDouble())]);
            }

            if (known.Add(word.ToString()))
            {
                tokens.Add(Encoding.UTF8.GetBytes(word.ToString()));
            }
        }

        return new TokenBytes(tokens, []);
    }
}
