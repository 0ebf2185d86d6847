using System.Text.Json;
using FlexGen.Schemas;

namespace FlexGen.Dataflow.Checks.Json;

/// <summary>JSON Schema's equality: numbers by value, objects whatever the order of their keys, nothing across types.</summary>
internal sealed class JsonEquality : IEqualityComparer<JsonElement>
{
    public static JsonEquality Instance { get; } = new();

    public bool Equals(JsonElement x, JsonElement y)
    {
        if (x.ValueKind != y.ValueKind)
        {
            return false;
        }

        return x.ValueKind switch
        {
            JsonValueKind.Number => JsonNumber.Of(x) == JsonNumber.Of(y),
            JsonValueKind.String => x.GetString() == y.GetString(),
            JsonValueKind.Array => x.GetArrayLength() == y.GetArrayLength()
                && x.EnumerateArray().Zip(y.EnumerateArray()).All(pair => Equals(pair.First, pair.Second)),
            JsonValueKind.Object => AreEqualObjects(x, y),
            _ => true,
        };
    }

    public int GetHashCode(JsonElement value)
    {
        var hash = new HashCode();
        hash.Add(value.ValueKind);
        switch (value.ValueKind)
        {
            case JsonValueKind.Number:
                hash.Add(JsonNumber.Of(value));
                break;
            case JsonValueKind.String:
                hash.Add(value.GetString());
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    hash.Add(GetHashCode(item));
                }

                break;
            case JsonValueKind.Object:
                var properties = 0;
                foreach (var property in value.EnumerateObject())
                {
                    properties += HashCode.Combine(property.Name, GetHashCode(property.Value));
                }

                hash.Add(properties);
                break;
        }

        return hash.ToHashCode();
    }

    private bool AreEqualObjects(JsonElement x, JsonElement y)
    {
        if (x.GetPropertyCount() != y.GetPropertyCount())
        {
            return false;
        }

        var others = y.EnumerateObject().ToDictionary(property => property.Name, property => property.Value);
        return x.EnumerateObject().All(property => others.TryGetValue(property.Name, out var other) && Equals(property.Value, other));
    }
}
