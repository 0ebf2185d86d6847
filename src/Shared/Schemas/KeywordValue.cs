using System.Globalization;
using System.Text.Json;

namespace FlexGen.Schemas;

/// <summary>What a schema gives a keyword, read as what the keyword takes.</summary>
/// <param name="Element">The value.</param>
/// <param name="Location">Where it stands.</param>
internal readonly record struct KeywordValue(JsonElement Element, string Location)
{
    private const int MostQuoted = 100;

    private static readonly (string Name, JsonTypes Types)[] types =
    [
        ("string", JsonTypes.String), ("number", JsonTypes.Number | JsonTypes.Integer), ("integer", JsonTypes.Integer),
        ("boolean", JsonTypes.Boolean), ("object", JsonTypes.Object), ("array", JsonTypes.Array), ("null", JsonTypes.Null),
    ];

    public bool IsList => Element.ValueKind == JsonValueKind.Array;

    public bool IsFlag => Element.ValueKind is JsonValueKind.True or JsonValueKind.False;

    public static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Null => "null",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => Quoted(value.GetRawText()),
    };

    public KeywordException Refused(string problem) => new(Location, problem);

    public string Text()
    {
        try
        {
            return Element.ValueKind == JsonValueKind.String ? Element.GetString()! : throw Unexpected("a text");
        }
        catch (InvalidOperationException)
        {
            throw HalfCharacter();
        }
    }

    public JsonNumber Number() => Element.ValueKind == JsonValueKind.Number ? JsonNumber.Of(Element) : throw Unexpected("a number");

    public bool Flag() => IsFlag ? Element.GetBoolean() : throw Unexpected("true or false");

    /// <summary>A whole number from 0; what is beyond a long is as good as none.</summary>
    public long Count()
    {
        var number = Number();
        if (!number.IsInteger || number.Sign < 0)
        {
            throw Unexpected("a whole number from 0");
        }

        var isSmall = decimal.TryParse(number.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var count) && count < long.MaxValue;
        return isSmall ? (long)count : long.MaxValue;
    }

    public IEnumerable<KeywordValue> Items()
    {
        var location = Location;
        return IsList
            ? Element.EnumerateArray().Select((item, i) => new KeywordValue(item, SchemaShape.Below(location, i)))
            : throw Unexpected("a list");
    }

    public string[] Texts() => [.. Items().Select(item => item.Text())];

    public IEnumerable<(string Name, KeywordValue Value)> Members()
    {
        var (element, location) = this;
        try
        {
            return element.ValueKind == JsonValueKind.Object
                ? [.. element.EnumerateObject().Select(member => (member.Name, new KeywordValue(member.Value, SchemaShape.Below(location, member.Name))))]
                : throw Unexpected("an object");
        }
        catch (InvalidOperationException)
        {
            throw HalfCharacter();
        }
    }

    public JsonTypes Types()
    {
        var allowed = JsonTypes.None;
        foreach (var name in IsList ? Texts() : [Text()])
        {
            var found = Array.Find(types, type => type.Name == name);
            allowed |= found.Name is null
                ? throw Refused($"is the unknown type '{Quoted(name)}'. Known are: {string.Join(", ", types.Select(type => type.Name))}")
                : found.Types;
        }

        return allowed;
    }

    private static string Quoted(string text) =>
        text.Length <= MostQuoted ? text : $"{text.AsSpan(0, char.IsHighSurrogate(text[MostQuoted - 1]) ? MostQuoted - 1 : MostQuoted)}...";

    private KeywordException HalfCharacter() => Refused("has an escape that is half a character");

    private KeywordException Unexpected(string expected) => Refused($"is {Describe(Element)} and must be {expected}");
}
