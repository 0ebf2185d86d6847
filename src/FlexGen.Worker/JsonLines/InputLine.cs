using System.Text.Json;
using FlexGen.Dataflow;

namespace FlexGen.Worker.JsonLines;

/// <summary>One JSON object of the input, with an id that comes back in the output as it is.</summary>
internal readonly record struct InputLine(JsonElement Object, JsonElement Id)
{
    private const string HalfPair = "half of a surrogate pair (\\ud800 to \\udfff), which is no text.";

    /// <exception cref="LineException">The text is not a JSON object with an id.</exception>
    public static InputLine Parse(string text)
    {
        JsonElement root;
        try
        {
            root = JsonElement.Parse(text);
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("id", out var given) && given.ValueKind == JsonValueKind.String)
            {
                given.GetString();
            }
        }
        catch (JsonException e)
        {
            // The message ends in a place counted from 0 and in bytes.
            throw new LineException($"not JSON: {e.Message.Split(" LineNumber: ")[0]}");
        }
        catch (InvalidOperationException)
        {
            throw new LineException($"a key or the id holds {HalfPair}");
        }
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new LineException($"expected a JSON object, found {Name(root.ValueKind)}.");
        }
        return root.TryGetProperty("id", out var id) && id.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? new InputLine(root, id)
            : throw new LineException("expected an \"id\", a string or a number.");
    }

    public bool Has(string name) => Object.TryGetProperty(name, out _);

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
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new LineException($"\"{name}\" holds {HalfPair}");
        }
    }

    /// <exception cref="LineException">There is no such list of token ids.</exception>
    public int[] TokenIds(string name)
    {
        var value = Object.GetProperty(name);
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw new LineException($"\"{name}\" must be a list of whole numbers, found {Name(value.ValueKind)}.");
        }
        return [.. value.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.Number && v.TryGetInt32(out int token)
            ? token
            : throw new LineException($"\"{name}\" must be a list of whole numbers, found {Excerpt.Of(v.GetRawText())} in it."))];
    }

    private static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.Null => "null",
        _ => $"a {(kind == JsonValueKind.Number ? "number" : "string")}",
    };
}
