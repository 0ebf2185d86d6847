using System.Text.Json;
using System.Text.Unicode;

namespace FlexGen.Tokenizers.Loading;

/// <summary>Reading of the JSON files of a checkpoint folder.</summary>
internal static class Json
{
    /// <exception cref="TokenizerException">The file is not a JSON object.</exception>
    public static JsonElement Read(string file)
    {
        try
        {
            var bytes = WithoutMark(TokenizerFile.Read(file));
            CheckTexts(bytes.Span);
            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw NotAnObject(file, document.RootElement.ValueKind.ToString());
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw NotAnObject(file, $"something that is not JSON ({exception.Message})");
        }
    }

    public static JsonElement? ReadIfThere(string file) => File.Exists(file) ? Read(file) : null;

    /// <summary>A member; null when it is missing or null.</summary>
    public static JsonElement? Get(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    public static string? Text(this JsonElement element, string name) =>
        element.Get(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public static bool? Flag(this JsonElement element, string name) =>
        element.Get(name) is { ValueKind: JsonValueKind.True or JsonValueKind.False } value ? value.GetBoolean() : null;

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.Get(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : [];

    /// <summary>The ids of tokens by their texts.</summary>
    /// <exception cref="TokenizerException">A token comes twice, or has something else than an id.</exception>
    public static Dictionary<string, int> Ids(string file, JsonElement vocabulary)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var token in vocabulary.EnumerateObject())
        {
            var isId = token.Value.ValueKind == JsonValueKind.Number && token.Value.TryGetInt32(out var id) && id >= 0;
            if (!isId || !ids.TryAdd(token.Name, token.Value.GetInt32()))
            {
                throw TokenizerException.Unsupported(file, isId ? $"the token \"{token.Name}\" twice" : $"no id for \"{token.Name}\" but "
                    + $"{token.Value.OnOneLine()}",
                    "each token once with a number from 0 on", "Copy the file again from the checkpoint.");
            }
        }

        return ids;
    }

    /// <summary>A value as JSON for a message: without line breaks, and cut where it is long.</summary>
    public static string OnOneLine(this JsonElement element)
    {
        const int most = 400;
        var text = JsonSerializer.Serialize(element);
        return text.Length <= most ? text : text[..most] + "...";
    }

    private static ReadOnlyMemory<byte> WithoutMark(byte[] bytes) => bytes.AsMemory(bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0);

    // The reader leaves texts as they stand until they are asked for, and only then finds one that is none.
    private static void CheckTexts(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            throw new JsonException("it is not valid UTF-8");
        }

        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                // Throws InvalidOperationException where an escape is half a character.
                reader.GetString();
            }
        }
    }

    private static TokenizerException NotAnObject(string file, string found) =>
        TokenizerException.Unsupported(file, found, "a JSON object", "Copy the file again from the checkpoint.");
}
