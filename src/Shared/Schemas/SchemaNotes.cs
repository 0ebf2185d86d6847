namespace FlexGen.Schemas;

/// <summary>Keywords that say something about a schema, or about how people are shown it, and nothing about values.</summary>
internal static class SchemaNotes
{
    private static readonly HashSet<string> ofAll =
    [
        "$schema", "$id", "id", "$comment", "title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly",
        // What editors show.
        "markdownDescription", "enumDescriptions", "markdownEnumDescriptions", "enumItemLabels", "deprecationMessage", "errorMessage", "patternErrorMessage",
        "defaultSnippets", "doNotSuggest", "suggestSortText", "allowComments", "allowTrailingCommas", "tsType",
    ];

    /// <summary>Of hyper-schemas, which describe what a value links to, too.</summary>
    public static IReadOnlySet<string> OfHyperSchemas { get; } = new HashSet<string> { "links", "base", "media", "pathStart", "fragmentResolution" };

    /// <summary>Of Snowplow's schemas, which say what they are called.</summary>
    public static IReadOnlySet<string> OfSelfDescribing { get; } = new HashSet<string> { "self" };

    /// <summary>Whether a keyword is one of them in every schema, or has a name that by convention is the writer's own.</summary>
    public static bool Has(string name) => ofAll.Contains(name) || name.StartsWith("x-", StringComparison.Ordinal) || name.StartsWith('_');
}
