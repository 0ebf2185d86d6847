using System.Globalization;
using System.Text.Json;
using FlexGen.Constraints.Numbers;
using FlexGen.Schemas;

namespace FlexGen.Constraints.Schemas;

/// <summary>What a schema gives a keyword, read as what the keyword takes.</summary>
/// <param name="Element">The value.</param>
/// <param name="Location">Where it stands.</param>
internal readonly record struct KeywordValue(JsonElement Element, string Location)
{
    private static readonly (string Name, SchemaTypes Types)[] types =
    [
        ("string", SchemaTypes.Text), ("number", SchemaTypes.Number | SchemaTypes.Integer), ("integer", SchemaTypes.Integer),
        ("boolean", SchemaTypes.Boolean), ("object", SchemaTypes.Object), ("array", SchemaTypes.Array), ("null", SchemaTypes.Null),
    ];

    public bool IsList => Element.ValueKind == JsonValueKind.Array;

    public bool IsFlag => Element.ValueKind is JsonValueKind.True or JsonValueKind.False;

    public ConstraintException Refused(string problem) => new(Location, problem);

    public string Text()
    {
        try
        {
            return Element.ValueKind == JsonValueKind.String ? Element.GetString()! : throw Unexpected("a text");
        }
        catch (InvalidOperationException)
        {
            throw Refused("has an escape that is half a character");
        }
    }

    public DecimalNumber Number() => Element.ValueKind != JsonValueKind.Number ? throw Unexpected("a number")
        : DecimalNumber.Of(Element) ?? throw Refused("is a number with an exponent beyond all measure");

    public bool Flag() => IsFlag ? Element.GetBoolean() : throw Unexpected("true or false");

    /// <summary>A whole number from 0; what is beyond a long is as good as none.</summary>
    public long Count()
    {
        var number = Number();
        if (!number.IsWhole || number.IsNegative)
        {
            throw Unexpected("a whole number from 0");
        }

        return long.TryParse(number.Whole, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : long.MaxValue;
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
        var location = Location;
        return Element.ValueKind == JsonValueKind.Object
            ? Element.EnumerateObject().Select(member => (member.Name, new KeywordValue(member.Value, SchemaShape.Below(location, member.Name))))
            : throw Unexpected("an object");
    }

    public SchemaTypes Types()
    {
        var allowed = SchemaTypes.None;
        foreach (var name in IsList ? Texts() : [Text()])
        {
            var found = Array.Find(types, type => type.Name == name);
            allowed |= found.Name is null
                ? throw Refused($"is the unknown type '{name}'. Known are: {string.Join(", ", types.Select(type => type.Name))}")
                : found.Types;
        }

        return allowed;
    }

    private ConstraintException Unexpected(string expected) => Refused($"must be {expected}");
}
