using System.Text.Json.Nodes;

namespace FlexGen.Constraints.Tests;

/// <summary>Schemas and values that are drawn at random, of few names and small numbers so that they have to do with each other.</summary>
/// <param name="seed">Of the draws.</param>
internal sealed class RandomSchema(int seed)
{
    private static readonly string[] names = ["a", "b", "ab", "é", "c\"d"];
    private static readonly string[] texts = ["", "a", "b", "ab", "abc", "x1", "é", "2024-02-29", "a\"b"];
    private static readonly string[] patterns = ["^a", "b$", "^[a-c]*$", "[0-9]", "^.{1,3}$", "^(?!a)", "^(ab|é)?$", "^x?\\d*$"];
    private static readonly string[] formats = ["date", "uuid", "ipv4", "email"];
    private readonly Random random = new(seed);

    public JsonNode Schema()
    {
        var schema = Schema(3);
        if (schema is JsonObject { Count: > 0 } root && random.Next(4) == 0)
        {
            root["$defs"] = new JsonObject { ["d"] = Schema(1), ["r"] = new JsonObject { ["type"] = new JsonArray("array", "null"), ["items"] = new JsonObject { ["$ref"] = "#/$defs/r" } } };
        }
        else if (schema.ToJsonString().Contains("$defs", StringComparison.Ordinal))
        {
            return new JsonObject { ["type"] = "integer" };
        }

        return schema;
    }

    public JsonNode? Value(int depth = 2) => random.Next(depth > 0 ? 9 : 6) switch
    {
        0 => null,
        1 => random.Next(2) == 0,
        2 => random.Next(-3, 13),
        3 => random.Next(-8, 30) / 4.0 is var number && number == Math.Floor(number) ? (int)number : number,
        4 or 5 => Pick(texts),
        6 => new JsonArray([.. Some(4, () => Value(depth - 1))]),
        _ => Object(4, () => Value(depth - 1)),
    };

    private JsonNode Schema(int depth)
    {
        JsonNode constant = random.Next(4) > 0;
        return random.Next(14) == 0 ? constant : Keywords(depth);
    }

    private JsonObject Keywords(int depth)
    {
        var schema = new JsonObject();
        var kinds = 1 + random.Next(2);
        for (var i = 0; i < kinds; i++)
        {
            AddKind(schema, depth);
        }

        return schema;
    }

    private void AddKind(JsonObject schema, int depth)
    {
        switch (random.Next(depth > 0 ? 12 : 6))
        {
            case 0:
                schema["type"] = Pick(["null", "boolean", "integer", "number", "string", "array", "object"]);
                break;
            case 1:
                schema["type"] = new JsonArray([.. Distinct(["null", "boolean", "integer", "string", "array", "object"], 3)]);
                break;
            case 2:
                AddNumber(schema);
                break;
            case 3:
                AddText(schema);
                break;
            case 4:
                schema["enum"] = new JsonArray([.. Some(4, () => Value()).Append(Value())]);
                break;
            case 5:
                schema[random.Next(3) == 0 ? "$ref" : "const"] = Pick(texts);
                if (schema["$ref"] is not null)
                {
                    schema["$ref"] = random.Next(2) == 0 ? "#/$defs/d" : "#/$defs/r";
                }

                break;
            case 6 or 7:
                AddArray(schema, depth - 1);
                break;
            case 8 or 9:
                AddObject(schema, depth - 1);
                break;
            default:
                AddConnection(schema, depth - 1);
                break;
        }
    }

    private void AddNumber(JsonObject schema)
    {
        schema["type"] = random.Next(2) == 0 ? "integer" : "number";
        Maybe(schema, "minimum", () => random.Next(-4, 6));
        Maybe(schema, "exclusiveMaximum", () => random.Next(-3, 12));
        Maybe(schema, "maximum", () => (random.Next(40) - 8) / 4.0);
        Maybe(schema, "multipleOf", () => Pick([2, 3, 0.5, 0.25, 7]));
    }

    private void AddText(JsonObject schema)
    {
        schema["type"] = "string";
        Maybe(schema, "minLength", () => random.Next(4));
        Maybe(schema, "maxLength", () => random.Next(6));
        Maybe(schema, "pattern", () => Pick(patterns));
        if (random.Next(6) == 0)
        {
            schema["format"] = Pick(formats);
        }
    }

    private void AddArray(JsonObject schema, int depth)
    {
        Maybe(schema, "items", () => Schema(depth));
        Maybe(schema, "minItems", () => random.Next(3));
        Maybe(schema, "maxItems", () => 1 + random.Next(3));
        if (random.Next(4) == 0)
        {
            schema["prefixItems"] = new JsonArray([.. Some(2, () => Schema(depth)).Append(Schema(depth))]);
        }

        if (random.Next(4) == 0)
        {
            schema["contains"] = Schema(depth);
            Maybe(schema, "minContains", () => random.Next(3));
            Maybe(schema, "maxContains", () => 1 + random.Next(3));
        }

        Maybe(schema, "uniqueItems", () => true);
        if (random.Next(8) == 0)
        {
            schema["unevaluatedItems"] = Schema(depth);
        }
    }

    private void AddObject(JsonObject schema, int depth)
    {
        Maybe(schema, "properties", () => Object(3, () => Schema(depth)));
        Maybe(schema, "required", () => new JsonArray([.. Distinct(names, 2)]));
        Maybe(schema, "additionalProperties", () => Schema(depth));
        Maybe(schema, "minProperties", () => random.Next(3));
        Maybe(schema, "maxProperties", () => 1 + random.Next(3));
        if (random.Next(4) == 0)
        {
            schema["patternProperties"] = new JsonObject { [Pick(patterns)] = Schema(depth) };
        }

        if (random.Next(6) == 0)
        {
            schema["propertyNames"] = Schema(0);
        }

        if (random.Next(6) == 0)
        {
            schema["dependentRequired"] = new JsonObject { [Pick(names)] = new JsonArray([.. Distinct(names, 2)]) };
        }

        if (random.Next(6) == 0)
        {
            schema["dependentSchemas"] = new JsonObject { [Pick(names)] = Schema(depth) };
        }

        if (random.Next(8) == 0)
        {
            schema["unevaluatedProperties"] = Schema(depth);
        }
    }

    private void AddConnection(JsonObject schema, int depth)
    {
        switch (random.Next(5))
        {
            case 0:
                schema["not"] = Schema(depth);
                break;
            case 1:
                schema["if"] = Schema(depth);
                Maybe(schema, "then", () => Schema(depth));
                Maybe(schema, "else", () => Schema(depth));
                break;
            default:
                schema[Pick(["allOf", "anyOf", "oneOf"])] = new JsonArray(Schema(depth), Schema(depth));
                break;
        }
    }

    private void Maybe(JsonObject schema, string keyword, Func<JsonNode> value)
    {
        if (random.Next(3) == 0)
        {
            schema[keyword] = value();
        }
    }

    private JsonObject Object(int most, Func<JsonNode?> value)
    {
        var all = new JsonObject();
        foreach (var name in Distinct(names, most))
        {
            all[name!.GetValue<string>()] = value();
        }

        return all;
    }

    private IEnumerable<JsonNode?> Distinct(string[] from, int most) => from.OrderBy(_ => random.Next()).Take(1 + random.Next(most)).Select(name => (JsonNode?)name);

    private List<JsonNode?> Some(int most, Func<JsonNode?> value) => [.. Enumerable.Range(0, random.Next(most)).Select(_ => value())];

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];
}
