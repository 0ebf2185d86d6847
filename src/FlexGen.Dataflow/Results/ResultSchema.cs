using System.Text.Json;
using FlexGen.Dataflow.Checks.Schema;
using FlexGen.Schemas;

namespace FlexGen.Dataflow.Results;

/// <summary>Finds the one type of each property of a schema; what has none is refused by name.</summary>
/// <param name="isOnly">Whether the columns are all that is kept of an output: then no property may be there that the schema does not name.</param>
internal sealed class ResultSchema(bool isOnly)
{
    private const string Item = "element";
    private readonly HashSet<SchemaNode> within = [];

    /// <summary>The types of the properties.</summary>
    /// <exception cref="SchemaException">A value of the schema need not be an object of a fixed set of properties, or one of them has no one type.</exception>
    public IReadOnlyList<ResultType> Read(SchemaNode root)
    {
        var type = Of("", root, isNullable: false);
        return type is { Kind: ResultKind.Struct, IsNullable: false }
            ? type.Inner
            : throw Refused(root, "allows values that are no objects, and columns are the properties of one: give it \"type\": \"object\"");
    }

    private ResultType Of(string name, SchemaNode node, bool isNullable)
    {
        if (!within.Add(node))
        {
            throw Refused(node, "contains itself, and a column has a fixed depth");
        }

        var (meant, nullable) = Meant(node);
        var type = Of(name, meant, isNullable || nullable, TypesOf(meant));
        within.Remove(node);
        return type;
    }

    private ResultType Of(string name, SchemaNode node, bool isNullable, JsonTypes types)
    {
        isNullable |= types.HasFlag(JsonTypes.Null);
        var other = types & ~JsonTypes.Null;
        var found = other == JsonTypes.None ? "no type but null"
            : other == (JsonTypes.All & ~JsonTypes.Null) ? "no type" : $"several types ({other.ToString().ToLowerInvariant()})";
        return other switch
        {
            JsonTypes.String => new(name, node.Format?.Name == "date" ? ResultKind.Date : ResultKind.Text, isNullable, []),
            JsonTypes.Integer => new(name, ResultKind.Long, isNullable, []),
            JsonTypes.Number or (JsonTypes.Number | JsonTypes.Integer) => new(name, ResultKind.Double, isNullable, []),
            JsonTypes.Boolean => new(name, ResultKind.Boolean, isNullable, []),
            JsonTypes.Object => new(name, ResultKind.Struct, isNullable, Properties(node)),
            JsonTypes.Array => new(name, ResultKind.List, isNullable, [Of(Item, ItemsOf(node), isNullable: false)]),
            _ => throw Refused(node, $"has {found}, and a column has one: give it one, with null beside it where it may be missing"),
        };
    }

    private ResultType[] Properties(SchemaNode node)
    {
        var others = node.PatternProperties.Length > 0 ? "patternProperties"
            : node.AdditionalProperties is { RefusesAll: false } ? "additionalProperties"
            : node.UnevaluatedProperties is { RefusesAll: false } ? "unevaluatedProperties" : null;
        if (node.Properties is not { Count: > 0 } properties || others is not null)
        {
            throw Refused(node, $"has no fixed set of properties{(others is null ? "" : $", but {others}")}: name all of them in properties"
                + (others is null ? "" : ", with \"additionalProperties\": false"));
        }

        if (isOnly && node.AdditionalProperties is null && node.UnevaluatedProperties is null)
        {
            throw Refused(node, "allows properties that it does not name, of which columns alone would lose what they hold: add \"additionalProperties\": "
                + "false, or write output.columns: true");
        }

        return [.. properties.Select(p => Of(p.Key, p.Value, !node.Required.Contains(p.Key)))];
    }

    private static SchemaNode ItemsOf(SchemaNode node) => node is { PrefixItems.Length: 0, Items: { RefusesAll: false } items }
        ? items
        : throw Refused(node, "is a list without one schema for all its items: give it items");

    /// <summary>The schema that says what a value is, and whether others beside it let it be null.</summary>
    private static (SchemaNode Node, bool IsNullable) Meant(SchemaNode node)
    {
        var isNullable = false;
        // No schema leads back to itself so: that was refused when it was read.
        while (node.Types == JsonTypes.All && node.Enum is null && node.Const is null)
        {
            SchemaNode[] others = [.. new[] { node.Reference }.OfType<SchemaNode>(), .. node.AllOf, .. node.AnyOf, .. node.OneOf];
            var isChoice = node.AllOf.Length == 0 && node.Reference is null;
            SchemaNode[] meant = [.. others.Where(other => !isChoice || TypesOf(other) != JsonTypes.Null)];
            isNullable |= meant.Length < others.Length;
            if (meant is not [var one])
            {
                break;
            }

            node = one;
        }

        return (node, isNullable);
    }

    private static JsonTypes TypesOf(SchemaNode node)
    {
        if (node.Types != JsonTypes.All)
        {
            return node.Types;
        }

        var values = node.Const is { } only ? [only] : node.Enum?.ToArray() ?? [];
        return values.Length == 0 ? JsonTypes.All : values.Aggregate(default(JsonTypes), (types, value) => types | TypeOf(value));
    }

    private static JsonTypes TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => JsonTypes.Null,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        JsonValueKind.String => JsonTypes.String,
        JsonValueKind.Array => JsonTypes.Array,
        JsonValueKind.Object => JsonTypes.Object,
        _ => JsonNumber.IsWhole(value) ? JsonTypes.Integer : JsonTypes.Number,
    };

    private static SchemaException Refused(SchemaNode node, string problem) => new(node.Location, problem);
}
