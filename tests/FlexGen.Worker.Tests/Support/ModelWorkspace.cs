using System.Text.Json;

namespace FlexGen.Worker.Tests.Support;

/// <summary>A folder for JSON lines and changed model folders, removed at the end.</summary>
internal sealed class ModelWorkspace : IDisposable
{
    /// <summary>The demo's model, with its tokenizer.</summary>
    public static readonly string DemoModel = Path.Combine(Repository.Root, "pipelines/demo/model");

    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-").FullName;

    /// <summary>A small checkpoint without a tokenizer, and what Hugging Face transformers makes of token ids with it.</summary>
    public static string Reference(string model) => Path.Combine(Repository.Root, "tests/FlexGen.Engine.Tests/reference", model);

    public string At(string path) => Path.Combine(folder, path);

    public void Write(string file, params IEnumerable<string> lines) => File.WriteAllLines(At(file), lines);

    public void WriteJson(string file, params IEnumerable<object> lines) => Write(file, lines.Select(line => JsonSerializer.Serialize(line)));

    public List<JsonElement> Read(string file) => [.. File.ReadLines(At(file)).Select(line => JsonElement.Parse(line))];

    public Task<ProcessResult> RunAsync(params string[] arguments) => FlexGenProcess.RunAsync(folder, arguments);

    /// <summary>Copies the files of one model folder that another name, "*" for all, matches.</summary>
    public string Copy(string model, string pattern = "*")
    {
        var copy = Directory.CreateDirectory(At("model")).FullName;
        foreach (var file in Directory.EnumerateFiles(model, pattern))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
