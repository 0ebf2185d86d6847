using System.Text.Json;
using FlexGen.Constraints.Numbers;
using FlexGen.Schemas;

namespace FlexGen.Constraints.Schemas;

// What each keyword says.
internal sealed partial class SchemaLibrary
{
    private static readonly HashSet<string> notes = ["$anchor", "definitions", "$defs", "$vocabulary", "contentMediaType", "contentEncoding", "contentSchema"];

    private void Read(string keyword, KeywordValue value, Schema schema, JsonElement element)
    {
        switch (keyword)
        {
            case "type":
                schema.Types = value.Types();
                if (isLimited && (schema.Types & (JsonTypes.Integer | JsonTypes.Number)) == JsonTypes.Integer)
                {
                    ReadLimits(NumberFormats.LimitsOf("int64"), schema);
                }

                break;
            case "enum": List(schema, [.. value.Items().Select(item => item.Element)], value.Location); break;
            case "const" when IsSince(SchemaVersion.Draft6): List(schema, [value.Element], value.Location); break;
            case "$ref": schema.Reference = Referred(value.Text(), schema.Location); break;
            case "$dynamicRef" or "$recursiveRef": throw value.Refused("is a reference that depends on the way to it: write $ref");
            case "allOf": schema.AllOf = NumberedAll(value); break;
            case "anyOf": schema.AnyOf = NumberedAll(value); break;
            case "oneOf": schema.OneOf = NumberedAll(value); break;
            case "not": schema.Not = Numbered(value); break;
            case "if" when IsSince(SchemaVersion.Draft7): schema.If = Numbered(value); break;
            case "then" when IsSince(SchemaVersion.Draft7): schema.Then = Numbered(value); break;
            case "else" when IsSince(SchemaVersion.Draft7): schema.Else = Numbered(value); break;
            case "minLength": schema.MinLength = value.Count(); break;
            case "maxLength": schema.MaxLength = value.Count(); break;
            case "pattern": schema.Pattern = value.Text(); break;
            case "format" when NumberFormats.Has(value.Text()): ReadLimits(NumberFormats.LimitsOf(value.Text()), schema); break;
            case "format": schema.Format = value.Text(); break;
            case "multipleOf" when Number(value) is { IsZero: false, IsNegative: false } divisor: schema.MultipleOf = divisor; break;
            case "multipleOf": throw value.Refused("must be more than 0");
            case "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum": ReadBound(keyword, value, schema, element); break;
            default:
                if (!ReadOfObjects(keyword, value, schema) && !ReadOfArrays(keyword, value, schema, element) && !notes.Contains(keyword)
                    && !dialect.IsNote(keyword))
                {
                    Unknown.Add(new UnenforcedKeyword(keyword, value.Location, "JSON Schema gives it no meaning"));
                }

                break;
        }
    }

    private bool ReadOfObjects(string keyword, KeywordValue value, Schema schema)
    {
        switch (keyword)
        {
            case "properties": schema.Properties = NumberedMembers(value); break;
            case "patternProperties": schema.PatternProperties = NumberedMembers(value); break;
            case "additionalProperties": schema.AdditionalProperties = Numbered(value); break;
            case "unevaluatedProperties" when IsSince(SchemaVersion.Draft2019): schema.UnevaluatedProperties = Numbered(value); break;
            case "propertyNames" when IsSince(SchemaVersion.Draft6): schema.PropertyNames = Numbered(value); break;
            case "required": schema.Required = [.. value.Texts().Distinct()]; break;
            case "minProperties": schema.MinProperties = value.Count(); break;
            case "maxProperties": schema.MaxProperties = value.Count(); break;
            case "dependentRequired" when IsSince(SchemaVersion.Draft2019):
                schema.DependentRequired.AddRange(value.Members().Select(member => (member.Name, member.Value.Texts())));
                break;
            case "dependentSchemas" when IsSince(SchemaVersion.Draft2019): schema.DependentSchemas.AddRange(NumberedMembers(value)); break;
            case "dependencies":
                foreach (var (name, dependent) in value.Members())
                {
                    if (dependent.IsList)
                    {
                        schema.DependentRequired.Add((name, dependent.Texts()));
                    }
                    else
                    {
                        schema.DependentSchemas.Add((name, Numbered(dependent)));
                    }
                }

                break;
            default:
                return false;
        }

        return true;
    }

    private bool ReadOfArrays(string keyword, KeywordValue value, Schema schema, JsonElement element)
    {
        var itemsAreListed = element.TryGetProperty("items", out var items) && items.ValueKind == JsonValueKind.Array;
        switch (keyword)
        {
            case "items" when itemsAreListed && dialect is { IsDeclared: true, Version: SchemaVersion.Draft2020 }:
                throw value.Refused("is a list, which $schema's version has as prefixItems");
            case "items" when itemsAreListed: schema.PrefixItems = NumberedAll(value); break;
            case "prefixItems" when IsSince(SchemaVersion.Draft2020): schema.PrefixItems = NumberedAll(value); break;
            case "items": schema.Items = Numbered(value); break;
            // Where items is no list, this has no meaning in any version.
            case "additionalItems" when itemsAreListed: schema.Items = Numbered(value); break;
            case "additionalItems": break;
            case "unevaluatedItems" when IsSince(SchemaVersion.Draft2019): schema.UnevaluatedItems = Numbered(value); break;
            case "contains" when IsSince(SchemaVersion.Draft6): schema.Contains = Numbered(value); break;
            case "minContains" when IsSince(SchemaVersion.Draft2019): schema.MinContains = value.Count(); break;
            case "maxContains" when IsSince(SchemaVersion.Draft2019): schema.MaxContains = value.Count(); break;
            case "minItems": schema.MinItems = value.Count(); break;
            case "maxItems": schema.MaxItems = value.Count(); break;
            case "uniqueItems": schema.UniqueItems = value.Flag(); break;
            default: return false;
        }

        return true;
    }

    private void ReadBound(string keyword, KeywordValue value, Schema schema, JsonElement element)
    {
        var isMin = keyword.EndsWith("inimum", StringComparison.Ordinal);
        var isExclusive = keyword[0] == 'e';
        if (isExclusive && value.IsFlag)
        {
            // Draft 4's true or false, which says something of the limit beside it.
            return;
        }

        if (!isExclusive && dialect.HasExclusiveFlags)
        {
            isExclusive = element.TryGetProperty(isMin ? "exclusiveMinimum" : "exclusiveMaximum", out var flag) && flag.ValueKind == JsonValueKind.True;
        }

        Limit(schema, new NumberBound(Number(value), isExclusive), isMin);
    }

    private static void ReadLimits((JsonNumber Least, JsonNumber Greatest)? limits, Schema schema)
    {
        if (limits is var (least, greatest))
        {
            Limit(schema, new NumberBound(DecimalNumber.Of(least)!, IsExclusive: false), isMin: true);
            Limit(schema, new NumberBound(DecimalNumber.Of(greatest)!, IsExclusive: false), isMin: false);
        }
    }

    private static void Limit(Schema schema, NumberBound bound, bool isMin)
    {
        var isExclusive = bound.IsExclusive;
        if (isMin && (schema.Min is not { } min || min.Value.CompareTo(bound.Value) is var order && (order < 0 || (order == 0 && isExclusive))))
        {
            schema.Min = bound;
        }
        else if (!isMin && (schema.Max is not { } max || max.Value.CompareTo(bound.Value) is var larger && (larger > 0 || (larger == 0 && isExclusive))))
        {
            schema.Max = bound;
        }
    }

    private static DecimalNumber Number(KeywordValue value) =>
        DecimalNumber.Of(value.Number()) ?? throw value.Refused("is a number with an exponent beyond all measure");

    private bool IsSince(SchemaVersion version) => !dialect.IsDeclared || dialect.Version >= version;

    private int Referred(string reference, string location)
    {
        var found = places.Resolve(reference, location, out var problem);
        return found is var (target, schema) ? NumberFor(new KeywordValue(schema, target))
            : throw new ConstraintException(location, problem == ReferenceProblem.NoUri ? $"has the $ref '{reference}', which is not a URI"
                : $"has the $ref '{reference}', and there is no such schema in this file: put it under $defs");
    }
}
