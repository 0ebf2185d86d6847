using System.Text.Json;
using FlexGen.Dataflow;

namespace FlexGen.Worker.JsonLines;

/// <summary>One JSON object of the input, with an id that comes back in the output as it is.</summary>
internal readonly record struct InputLine(JsonElement Object, JsonElement Id)
{
    /// <summary>Stands for bytes that are not UTF-8 in a line that was read: the character substitute, which no JSON text may hold as it is.</summary>
    internal const char NoText = '\u001A';

    // Of a key that comes twice, some readers take the first and some the last.
    // Schemas within are as deep as those in files may be.
    private static readonly JsonDocumentOptions strict = new() { AllowDuplicateProperties = false, MaxDepth = 600 };

    /// <param name="text">The line.</param>
    /// <param name="idKey">The key of its id.</param>
    /// <param name="isText">Whether the id is a text.</param>
    /// <exception cref="LineException">The text is not a JSON object with an id.</exception>
    public static InputLine Parse(string text, string idKey = "id", bool isText = false)
    {
        if (text.Contains(NoText))
        {
            throw new LineException("not JSON: it has a byte that is not UTF-8, or the control character U+001A.");
        }

        JsonElement root;
        try
        {
            root = JsonElement.Parse(text, strict);
        }
        catch (JsonException e)
        {
            // The message ends in a place counted from 0 and in bytes.
            throw new LineException($"not JSON: {e.Message.Split(" LineNumber: ")[0]}");
        }
        catch (InvalidOperationException)
        {
            throw HalfCharacter("a key");
        }

        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new LineException($"expected a JSON object, found {Name(root.ValueKind)}.");
        }

        if (!root.TryGetProperty(idKey, out var id) || !(id.ValueKind == JsonValueKind.String || (id.ValueKind == JsonValueKind.Number && !isText)))
        {
            throw new LineException($"expected {(isText ? "a" : "an")} \"{idKey}\", a string{(isText ? "" : " or a number")}.");
        }

        if (id.ValueKind == JsonValueKind.String)
        {
            TextOf(id, idKey);
        }

        return new InputLine(root, id);
    }

    public bool Has(string name) => Object.TryGetProperty(name, out _);

    /// <summary>The one of these names that the line has.</summary>
    /// <exception cref="LineException">It has none of them, or several; or tools without messages.</exception>
    public string RequireOne(params string[] names)
    {
        if (names.Where(Has).ToArray() is not [var given])
        {
            throw new LineException($"expected either {string.Join(" or ", names.Select(name => $"\"{name}\""))}.");
        }

        return Has("tools") && given != "messages" ? throw new LineException("\"tools\" has no effect without \"messages\".") : given;
    }

    /// <summary>A value as it stands; null: there is none of that name.</summary>
    public JsonElement? Find(string name) => Object.TryGetProperty(name, out var value) ? value : null;

    /// <exception cref="LineException">There is no such string.</exception>
    public string Text(string name)
    {
        if (!Object.TryGetProperty(name, out var value))
        {
            throw new LineException($"\"{name}\" is missing.");
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            throw new LineException($"\"{name}\" must be a string, found {Name(value.ValueKind)}.");
        }

        return TextOf(value, name);
    }

    /// <exception cref="LineException">There is no such list of token ids.</exception>
    public int[] TokenIds(string name)
    {
        var value = Object.GetProperty(name);
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw new LineException($"\"{name}\" must be a list of whole numbers, found {Name(value.ValueKind)}.");
        }

        return [.. value.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.Number && v.TryGetInt32(out var token)
            ? token
            : throw new LineException($"\"{name}\" must be a list of whole numbers, found {Excerpt.Of(v.GetRawText())} in it."))];
    }

    /// <exception cref="LineException">It is half of a character.</exception>
    public static string TextOf(JsonElement value, string name)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw HalfCharacter($"\"{name}\"");
        }
    }

    private static LineException HalfCharacter(string place) =>
        new($"{place} holds half of a surrogate pair (\\ud800 to \\udfff), which is no text.");

    /// <summary>What a value is, for a message.</summary>
    public static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.Null => "null",
        _ => $"a {(kind == JsonValueKind.Number ? "number" : "string")}",
    };
}
