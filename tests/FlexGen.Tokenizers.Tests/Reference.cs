using System.Text.Json;
using FlexGen.Tokenizers.Loading;

namespace FlexGen.Tokenizers.Tests;

/// <summary>The reference tokenizers, and what the original libraries make of awkward texts with them.</summary>
internal static class Reference
{
    public static readonly string[] All = ["opt", "llama3", "qwen", "llama2", "mistral", "sentencepiece", "sentencepiece-unigram", "gptoss", "deepseek", "gemma"];

    private static readonly Dictionary<string, Lazy<Tokenizer>> tokenizers =
        All.ToDictionary(kind => kind, kind => new Lazy<Tokenizer>(() => TokenizerLoader.Load(Folder(kind))));

    public static TheoryData<string> Kinds => [.. All];

    public static string Folder(string kind) => Path.Combine(AppContext.BaseDirectory, "reference", kind);

    public static Tokenizer Of(string kind) => tokenizers[kind].Value;

    public static List<JsonElement> Lines(string kind, string file) =>
        [.. File.ReadLines(Path.Combine(Folder(kind), file)).Select(line => JsonElement.Parse(line))];

    public static string Text(this JsonElement line, string name) => line.GetProperty(name).GetString()!;

    public static int[] Ids(this JsonElement line, string name) =>
        [.. line.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    /// <summary>A copy of a reference folder with one file changed; removed with the object.</summary>
    public static ChangedFolder Changed(string kind, string file, Func<string, string> change)
    {
        var folder = new ChangedFolder();
        foreach (var path in Directory.GetFiles(Folder(kind)).Where(path => !path.EndsWith(".jsonl", StringComparison.Ordinal)))
        {
            File.Copy(path, Path.Combine(folder.Path, Path.GetFileName(path)));
        }

        var changed = Path.Combine(folder.Path, file);
        File.WriteAllText(changed, change(File.ReadAllText(changed)));
        return folder;
    }
}
