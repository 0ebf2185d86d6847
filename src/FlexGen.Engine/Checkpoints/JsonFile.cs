using System.Text.Json;
using System.Text.Unicode;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Files;

namespace FlexGen.Engine.Checkpoints;

/// <summary>The JSON files beside the weights.</summary>
internal static class JsonFile
{
    /// <summary>The index of a model of a trillion parameters has some 10 MB.</summary>
    private const int LargestFile = 256 << 20;

    /// <summary>All bytes of a file that stands beside the weights.</summary>
    public static byte[] ReadBytes(string path)
    {
        try
        {
            return RegularFile.ReadAll(path, LargestFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>The object that the file holds.</summary>
    public static JsonElement ReadObject(string path)
    {
        try
        {
            var bytes = ReadBytes(path);
            GitLfs.Refuse(path, bytes);
            if (!Utf8.IsValid(bytes))
            {
                throw new CheckpointException($"{path}: not JSON: it is not valid UTF-8");
            }

            CheckEscapes(bytes);
            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new CheckpointException($"{path}: a JSON object is expected, but it holds {document.RootElement.ValueKind}");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new CheckpointException($"{path}: not JSON: {exception.Message}", exception);
        }
    }

    /// <summary>The reader leaves texts as they stand until they are asked for, and only then finds half a character.</summary>
    private static void CheckEscapes(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                reader.GetString();
            }
        }
    }
}
