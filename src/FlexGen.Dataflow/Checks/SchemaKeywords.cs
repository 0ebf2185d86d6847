using System.Text.Json;

namespace FlexGen.Dataflow.Checks;

/// <summary>
/// Refuses JSON schemas with keywords that NJsonSchema reads past: a schema that seems to check what it does not is worse than none.
/// What is known here is enforced; a test holds each keyword to it.
/// </summary>
internal static class SchemaKeywords
{
    private const int MaxDepth = 64;

    /// <summary>Keywords whose value no schema is in, with the kind that the value must be of.</summary>
    private static readonly Dictionary<string, JsonValueKind[]> values = new()
    {
        ["type"] = [JsonValueKind.String, JsonValueKind.Array],
        ["enum"] = [JsonValueKind.Array],
        ["multipleOf"] = [JsonValueKind.Number],
        ["maximum"] = [JsonValueKind.Number],
        ["exclusiveMaximum"] = [JsonValueKind.Number],
        ["minimum"] = [JsonValueKind.Number],
        ["exclusiveMinimum"] = [JsonValueKind.Number],
        ["maxLength"] = [JsonValueKind.Number],
        ["minLength"] = [JsonValueKind.Number],
        ["pattern"] = [JsonValueKind.String],
        ["maxItems"] = [JsonValueKind.Number],
        ["minItems"] = [JsonValueKind.Number],
        ["uniqueItems"] = [JsonValueKind.True, JsonValueKind.False],
        ["maxProperties"] = [JsonValueKind.Number],
        ["minProperties"] = [JsonValueKind.Number],
        ["required"] = [JsonValueKind.Array],
        ["format"] = [JsonValueKind.String],
        ["$ref"] = [JsonValueKind.String],
    };

    /// <summary>Keywords that say something about the schema and nothing about values.</summary>
    private static readonly HashSet<string> annotations =
        ["$schema", "$id", "id", "$comment", "title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly"];

    private static readonly HashSet<string> schemas = ["items", "additionalItems", "additionalProperties", "not"];

    private static readonly HashSet<string> listsOfSchemas = ["allOf", "anyOf", "oneOf"];

    private static readonly HashSet<string> mapsOfSchemas = ["properties", "patternProperties", "definitions", "$defs"];

    private static readonly HashSet<string> types = ["string", "number", "integer", "boolean", "object", "array", "null"];

    private static readonly HashSet<string> formats =
        ["date", "date-time", "time", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"];

    /// <exception cref="PipelineException">The schema uses a keyword, or a form of one, that would be ignored.</exception>
    public static void Check(string json, string path)
    {
        using var document = JsonDocument.Parse(json);
        CheckSchema(document.RootElement, "#", path, 0);
    }

    private static void CheckSchema(JsonElement schema, string at, string path, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            throw Refused(path, at, $"is {Describe(schema)} where a schema is expected");
        }
        if (depth > MaxDepth)
        {
            throw Refused(path, at, $"is more than {MaxDepth} schemas deep");
        }
        // Beside a reference everything else would be read past.
        bool isReference = schema.TryGetProperty("$ref", out _);
        foreach (var property in schema.EnumerateObject())
        {
            if (isReference && property.Name != "$ref" && !annotations.Contains(property.Name) && !mapsOfSchemas.Contains(property.Name))
            {
                throw Refused(path, at, $"has '{property.Name}' beside '$ref', which would be ignored");
            }
            CheckKeyword(property, $"{at}/{property.Name}", path, depth);
        }
    }

    private static void CheckKeyword(JsonProperty keyword, string at, string path, int depth)
    {
        var value = keyword.Value;
        if (schemas.Contains(keyword.Name))
        {
            bool isFlag = value.ValueKind is JsonValueKind.True or JsonValueKind.False && keyword.Name.StartsWith("additional", StringComparison.Ordinal);
            bool isTuple = value.ValueKind == JsonValueKind.Array && keyword.Name == "items";
            foreach (var schema in isFlag ? [] : isTuple ? value.EnumerateArray().ToArray() : [value])
            {
                CheckSchema(schema, at, path, depth + 1);
            }
        }
        else if (listsOfSchemas.Contains(keyword.Name))
        {
            foreach (var schema in value.EnumerateArray())
            {
                CheckSchema(schema, at, path, depth + 1);
            }
        }
        else if (mapsOfSchemas.Contains(keyword.Name))
        {
            foreach (var schema in value.EnumerateObject())
            {
                CheckSchema(schema.Value, $"{at}/{schema.Name}", path, depth + 1);
            }
        }
        else if (values.TryGetValue(keyword.Name, out var kinds) && !kinds.Contains(value.ValueKind))
        {
            throw Refused(path, at, $"is {Describe(value)} and must be of kind {string.Join(" or ", kinds)}");
        }
        else if (keyword.Name == "type" && Types(value).FirstOrDefault(type => !types.Contains(type)) is { } unknown)
        {
            throw Refused(path, at, $"is the unknown type '{unknown}'. Known are: {string.Join(", ", types)}");
        }
        else if (keyword.Name == "format" && !formats.Contains(value.ToString()))
        {
            throw Refused(path, at, $"is the format '{value}', which would be ignored. Known are: {string.Join(", ", formats)}");
        }
        else if (keyword.Name == "$ref" && !value.ToString().StartsWith('#'))
        {
            throw Refused(path, at, $"refers to '{value}', which is outside the file");
        }
        else if (!values.ContainsKey(keyword.Name) && !annotations.Contains(keyword.Name))
        {
            throw Refused(path, at, $"is a keyword that would be ignored{Hint(keyword.Name)}");
        }
    }

    private static IEnumerable<string> Types(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(type => type.ToString()) : [value.ToString()];

    private static string Hint(string name)
    {
        var known = values.Keys.Concat(schemas).Concat(listsOfSchemas).Concat(mapsOfSchemas).ToArray();
        var instead = name switch
        {
            "const" => "use an enum of one value",
            "prefixItems" => "use items with a list",
            _ => null,
        };
        return instead is null ? NearestName.Hint(name, known).TrimEnd('.') : $"; {instead}";
    }

    private static string Describe(JsonElement value) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? $"{value}" : $"a {value.ValueKind}";

    private static PipelineException Refused(string path, string at, string problem) => new($"output.schema: in {path}, {at} {problem}.");
}
