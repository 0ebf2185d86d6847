using System.Runtime.CompilerServices;
using System.Text.Json;

namespace FlexGen.Engine.Tests;

/// <summary>The files that tests/reference/make_models.py made with Hugging Face transformers.</summary>
internal static class Reference
{
    private static readonly string folder = Path.Combine(Path.GetDirectoryName(Here())!, "reference");

    public static IEnumerable<string> Cases => Directory.GetDirectories(folder).Select(d => Path.GetFileName(d)).Order();

    public static string File(string name) => Path.Combine(folder, name);

    public static IReadOnlyList<Prompt> Prompts(string model)
    {
        using var expected = JsonDocument.Parse(System.IO.File.ReadAllText(Path.Combine(File(model), "expected.json")));
        return [.. expected.RootElement.GetProperty("prompts").EnumerateArray().Select(p => new Prompt(
            p.GetProperty("token_ids").Deserialize<int[]>()!,
            p.GetProperty("logits").Deserialize<float[]>()!,
            p.GetProperty("greedy").Deserialize<int[]>()!))];
    }

    private static string Here([CallerFilePath] string path = "") => path;

    /// <summary>A prompt, the float32 logits after its last token and its 32 most likely next tokens.</summary>
    public sealed record Prompt(int[] TokenIds, float[] Logits, int[] Greedy);
}
