using System.Globalization;
using System.Text.Json;

namespace FlexGen.Dataflow.Checks;

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

    /// <summary>The schemas right below one, with their locations.</summary>
    public static IEnumerable<(JsonElement Schema, string Location)> Children(JsonElement schema, string location)
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            string at = SchemaPlaces.Below(location, keyword.Name);
            if (single.Contains(keyword.Name) && keyword.Value.ValueKind != JsonValueKind.Array)
            {
                yield return (keyword.Value, at);
            }
            else if (lists.Contains(keyword.Name) && keyword.Value.ValueKind == JsonValueKind.Array)
            {
                int index = 0;
                foreach (var item in keyword.Value.EnumerateArray())
                {
                    yield return (item, SchemaPlaces.Below(at, (index++).ToString(CultureInfo.InvariantCulture)));
                }
            }
            else if (maps.Contains(keyword.Name) && keyword.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in keyword.Value.EnumerateObject())
                {
                    yield return (property.Value, SchemaPlaces.Below(at, property.Name));
                }
            }
        }
    }
}
