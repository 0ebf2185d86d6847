using FlexGen.Schemas;

namespace FlexGen.Dataflow.Checks.Schema;

/// <summary>
/// The keywords that are enforced. A schema with any other is refused: one that seems to check what it does not is worse than none.
/// </summary>
internal static class SchemaKeywords
{
    private static readonly Dictionary<string, (SchemaVersion From, SchemaVersion To)> versions = new()
    {
        ["const"] = (SchemaVersion.Draft6, SchemaVersion.Draft2020),
        ["contains"] = (SchemaVersion.Draft6, SchemaVersion.Draft2020),
        ["propertyNames"] = (SchemaVersion.Draft6, SchemaVersion.Draft2020),
        ["if"] = (SchemaVersion.Draft7, SchemaVersion.Draft2020),
        ["then"] = (SchemaVersion.Draft7, SchemaVersion.Draft2020),
        ["else"] = (SchemaVersion.Draft7, SchemaVersion.Draft2020),
        ["$anchor"] = (SchemaVersion.Draft2019, SchemaVersion.Draft2020),
        ["dependentRequired"] = (SchemaVersion.Draft2019, SchemaVersion.Draft2020),
        ["dependentSchemas"] = (SchemaVersion.Draft2019, SchemaVersion.Draft2020),
        ["minContains"] = (SchemaVersion.Draft2019, SchemaVersion.Draft2020),
        ["maxContains"] = (SchemaVersion.Draft2019, SchemaVersion.Draft2020),
        ["unevaluatedItems"] = (SchemaVersion.Draft2019, SchemaVersion.Draft2020),
        ["unevaluatedProperties"] = (SchemaVersion.Draft2019, SchemaVersion.Draft2020),
        ["prefixItems"] = (SchemaVersion.Draft2020, SchemaVersion.Draft2020),
        ["additionalItems"] = (SchemaVersion.Draft4, SchemaVersion.Draft2019),
    };

    private static readonly string[] always =
    [
        "type", "enum", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern",
        "format", "items", "maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties", "required", "properties",
        "patternProperties", "additionalProperties", "dependencies", "allOf", "anyOf", "oneOf", "not", "$ref", "definitions", "$defs",
    ];

    private static readonly HashSet<string> enforced = [.. always, .. versions.Keys];

    /// <summary>Whether a keyword is one of those that are enforced, whatever the version.</summary>
    public static bool IsEnforced(string name) => enforced.Contains(name);

    /// <summary>What is wrong with a keyword's being in a schema of this dialect, as the end of a sentence; null where nothing is.</summary>
    public static string? Problem(string name, SchemaDialect dialect)
    {
        if (!enforced.Contains(name))
        {
            var hint = NearestName.Of(Excerpt.Of(name), enforced) is { } nearest ? $"; did you mean '{nearest}'?" : "; a note's name begins with x-";
            return $"is a keyword that would be ignored{hint}";
        }

        if (!dialect.IsDeclared || !versions.TryGetValue(name, out var version) || (dialect.Version >= version.From && dialect.Version <= version.To))
        {
            return null;
        }

        var where = dialect.Version < version.From ? $"{SchemaDialect.NameOf(version.From)} and newer" : $"{SchemaDialect.NameOf(version.To)} and older";
        return $"is a keyword of {where}, and the schema's $schema is {SchemaDialect.NameOf(dialect.Version)}, which would ignore it: name another there";
    }
}
