using System.Text.Json;
using FlexGen.Dataflow.Checks.Patterns;
using FlexGen.Schemas;

namespace FlexGen.Dataflow.Checks.Schema;

/// <summary>
/// A schema, read and resolved: what it asks of a value, whichever version's keywords said so. Null where it asks nothing. Nodes refer to
/// each other in circles where the schema does.
/// </summary>
/// <param name="location">Where it stands in the file, as a JSON pointer.</param>
internal sealed class SchemaNode(string location)
{
    public string Location { get; } = location;

    /// <summary>The schema <c>false</c>.</summary>
    public bool RefusesAll { get; set; }

    public JsonTypes Types { get; set; } = JsonTypes.All;

    public HashSet<JsonElement>? Enum { get; set; }

    public JsonElement? Const { get; set; }

    public JsonNumber? MultipleOf { get; set; }

    public JsonNumber? Maximum { get; set; }

    public JsonNumber? ExclusiveMaximum { get; set; }

    public JsonNumber? Minimum { get; set; }

    public JsonNumber? ExclusiveMinimum { get; set; }

    /// <summary>Of a format of numbers.</summary>
    public (JsonNumber Least, JsonNumber Greatest)? FormatLimits { get; set; }

    /// <summary>In code points, as its counterpart.</summary>
    public long? MaxLength { get; set; }

    public long? MinLength { get; set; }

    public EcmaPattern? Pattern { get; set; }

    public StringFormat? Format { get; set; }

    /// <summary>Of an array's first items, one each.</summary>
    public SchemaNode[] PrefixItems { get; set; } = [];

    /// <summary>Of the items after those.</summary>
    public SchemaNode? Items { get; set; }

    public SchemaNode? UnevaluatedItems { get; set; }

    public long? MaxItems { get; set; }

    public long? MinItems { get; set; }

    public bool UniqueItems { get; set; }

    public SchemaNode? Contains { get; set; }

    public long MinContains { get; set; } = 1;

    public long? MaxContains { get; set; }

    /// <summary>What <see cref="Contains"/> matches counts as evaluated.</summary>
    public bool ContainsEvaluates { get; set; }

    public Dictionary<string, SchemaNode>? Properties { get; set; }

    public (EcmaPattern Pattern, SchemaNode Schema)[] PatternProperties { get; set; } = [];

    /// <summary>Of properties that neither of those names.</summary>
    public SchemaNode? AdditionalProperties { get; set; }

    public SchemaNode? UnevaluatedProperties { get; set; }

    public SchemaNode? PropertyNames { get; set; }

    public long? MaxProperties { get; set; }

    public long? MinProperties { get; set; }

    public string[] Required { get; set; } = [];

    public List<(string Name, string[] Required)> DependentRequired { get; } = [];

    public List<(string Name, SchemaNode Schema)> DependentSchemas { get; } = [];

    public SchemaNode? Reference { get; set; }

    public SchemaNode[] AllOf { get; set; } = [];

    public SchemaNode[] AnyOf { get; set; } = [];

    public SchemaNode[] OneOf { get; set; } = [];

    public SchemaNode? Not { get; set; }

    public SchemaNode? If { get; set; }

    public SchemaNode? Then { get; set; }

    public SchemaNode? Else { get; set; }

    /// <summary>Schemas that apply to the same value as this one.</summary>
    public IEnumerable<SchemaNode> InPlace =>
        new[] { Reference, Not, If, Then, Else }.OfType<SchemaNode>().Concat(AllOf).Concat(AnyOf).Concat(OneOf).Concat(DependentSchemas.Select(d => d.Schema));
}
