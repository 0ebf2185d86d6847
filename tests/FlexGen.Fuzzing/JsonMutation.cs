using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlexGen.Fuzzing;

/// <summary>Changes values of a JSON document, which stays one, so that more than the JSON reader is tried.</summary>
internal static class JsonMutation
{
    private static readonly string[] edges =
    [
        "null", "true", "false", "0", "-1", "1", "2147483647", "2147483648", "-2147483649", "9223372036854775808", "1e400", "-1e-400", "0.1", "1e9",
        "\"\"", "\"x\"", "\"a\\u0000b\"", "\"\\u2581\"", "\"\\ud83d\\ude00\"", "\"(a+)+$\"", "\"[\"", "\"#\"", "\"../x\"", "[]", "{}", "[[[[]]]]", "[null]",
        "{\"type\":\"x\"}", "{\"$ref\":\"#\"}", "[0,0]", "[-1,9223372036854775807]", "[\"a\",\"a\"]",
    ];

    public static byte[] Of(byte[] seed, byte[] other, Random random)
    {
        try
        {
            if (random.Next(4) > 0 && JsonNode.Parse(seed) is { } root && JsonNode.Parse(other) is { } donor)
            {
                for (var changes = 1 << random.Next(3); changes > 0; changes--)
                {
                    Change(root, donor, random);
                }

                return JsonSerializer.SerializeToUtf8Bytes(root);
            }
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            // An input that is kept although it is no JSON, or has a name twice.
        }

        return ByteMutation.Of(seed, other, random);
    }

    private static void Change(JsonNode root, JsonNode donor, Random random)
    {
        var parent = Pick(root, random);
        var value = random.Next(4) switch
        {
            0 => Pick(donor, random).DeepClone(),
            1 => Nested(random),
            _ => JsonNode.Parse(edges[random.Next(edges.Length)]),
        };
        switch (parent)
        {
            case JsonObject { Count: > 0 } members:
                var name = members.GetAt(random.Next(members.Count)).Key;
                if (random.Next(5) == 0)
                {
                    members.Remove(name);
                }
                else
                {
                    members[random.Next(5) == 0 ? name + "x" : name] = value;
                }

                break;
            case JsonArray { Count: > 0 } items:
                var index = random.Next(items.Count);
                if (random.Next(3) == 0)
                {
                    items.Insert(index, value);
                }
                else
                {
                    items[index] = value;
                }

                break;
            case JsonArray items:
                items.Add(value);
                break;
            case JsonObject members:
                members["type"] = value;
                break;
        }
    }

    // Goes down from the root, so that what is high up in a large document is met as often as what is deep.
    private static JsonNode Pick(JsonNode node, Random random)
    {
        while (random.Next(3) > 0)
        {
            var below = node switch
            {
                JsonObject { Count: > 0 } members => members.GetAt(random.Next(members.Count)).Value,
                JsonArray { Count: > 0 } items => items[random.Next(items.Count)],
                _ => null,
            };
            if (below is not (JsonObject or JsonArray))
            {
                break;
            }

            node = below;
        }

        return node;
    }

    private static JsonNode Nested(Random random)
    {
        JsonNode node = new JsonArray();
        for (var depth = random.Next(60); depth > 0; depth--)
        {
            node = random.Next(2) == 0 ? new JsonArray(node) : new JsonObject { [random.Next(2) == 0 ? "items" : "not"] = node };
        }

        return node;
    }
}
