using System.Globalization;
using System.Text.Json;

namespace FlexGen.Schemas;

/// <summary>Where schemas stand inside schemas.</summary>
internal static class SchemaShape
{
    private static readonly HashSet<string> single =
    [
        "items", "additionalItems", "unevaluatedItems", "contains", "additionalProperties", "unevaluatedProperties", "propertyNames", "not", "if",
        "then", "else",
    ];

    private static readonly HashSet<string> lists = ["items", "prefixItems", "allOf", "anyOf", "oneOf"];

    private static readonly HashSet<string> maps = ["properties", "patternProperties", "dependentSchemas", "dependencies", "definitions", "$defs"];

    /// <summary>One step of a JSON pointer.</summary>
    public static string Below(string location, string name) =>
        $"{location}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    /// <summary>A step to an item of a list.</summary>
    public static string Below(string location, int index) => $"{location}/{index.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The schemas right below one, with their locations.</summary>
    public static IEnumerable<(JsonElement Schema, string Location)> Children(JsonElement schema, string location)
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            var at = Below(location, keyword.Name);
            if (single.Contains(keyword.Name) && keyword.Value.ValueKind != JsonValueKind.Array)
            {
                yield return (keyword.Value, at);
            }
            else if (lists.Contains(keyword.Name) && keyword.Value.ValueKind == JsonValueKind.Array)
            {
                foreach (var (index, item) in keyword.Value.EnumerateArray().Index())
                {
                    yield return (item, Below(at, index));
                }
            }
            else if (maps.Contains(keyword.Name) && keyword.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in keyword.Value.EnumerateObject())
                {
                    yield return (property.Value, Below(at, property.Name));
                }
            }
        }
    }
}
