using System.Text;
using System.Text.Json;
using FlexGen.Files;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Generation;

/// <summary>JSON files that a pipeline file names.</summary>
internal static class JsonSource
{
    private const int Largest = 64 << 20;
    private static readonly JsonDocumentOptions strict = new() { MaxDepth = 512, AllowDuplicateProperties = false };

    /// <param name="key">The key that names the file.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="UsageException">It cannot be read, or is not JSON.</exception>
    public static JsonElement Read(string key, string path)
    {
        try
        {
            using var reader = new StreamReader(new MemoryStream(RegularFile.ReadAll(path, Largest)), Encoding.UTF8);
            return JsonElement.Parse(reader.ReadToEnd(), strict);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new UsageException($"{key}: cannot read {path} as JSON: {e.Message}");
        }
    }
}
