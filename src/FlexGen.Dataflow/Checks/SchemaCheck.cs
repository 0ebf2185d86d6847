using System.Runtime.CompilerServices;
using System.Text.Json;
using FlexGen.Dataflow.Checks.Json;
using FlexGen.Dataflow.Checks.Schema;
using FlexGen.Schemas;

namespace FlexGen.Dataflow.Checks;

/// <summary>Holds one value against a schema.</summary>
/// <param name="budget">Bounds the work.</param>
/// <param name="violations">Takes what is wrong where the caller wants to know, which costs more; null to know whether.</param>
internal sealed partial class SchemaCheck(CheckBudget budget, Violations? violations)
{
    private readonly CheckBudget budget = budget;
    private Violations? violations = violations;

    /// <exception cref="RecordException">The check takes too long.</exception>
    public bool Holds(SchemaNode schema, JsonElement value) => Holds(schema, value, null);

    private bool Holds(SchemaNode schema, JsonElement value, Evaluated? outer)
    {
        budget.Step();
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw CheckBudget.TooLong("its schemas refer to each other too deeply");
        }

        if (schema.RefusesAll)
        {
            return Wrong($"the schema #{schema.Location} allows nothing here");
        }

        var observes = outer is not null || schema.UnevaluatedItems is not null || schema.UnevaluatedProperties is not null;
        var seen = observes && value.ValueKind is JsonValueKind.Array or JsonValueKind.Object ? new Evaluated() : null;
        var holds = HasType(schema, value) && IsListed(schema, value) && HoldsByKind(schema, value, seen) && HoldsInPlace(schema, value, seen)
            && HoldsUnevaluated(schema, value, seen);
        if (holds && seen is not null)
        {
            outer?.Add(seen);
        }

        return holds;
    }

    private bool HasType(SchemaNode schema, JsonElement value)
    {
        if (schema.Types == JsonTypes.All)
        {
            return true;
        }

        var holds = value.ValueKind switch
        {
            JsonValueKind.Null => schema.Types.HasFlag(JsonTypes.Null),
            JsonValueKind.True or JsonValueKind.False => schema.Types.HasFlag(JsonTypes.Boolean),
            JsonValueKind.Object => schema.Types.HasFlag(JsonTypes.Object),
            JsonValueKind.Array => schema.Types.HasFlag(JsonTypes.Array),
            JsonValueKind.String => schema.Types.HasFlag(JsonTypes.String),
            _ => schema.Types.HasFlag(JsonTypes.Number) || (schema.Types.HasFlag(JsonTypes.Integer) && JsonNumber.IsWhole(value)),
        };
        return holds || Wrong($"{Show(value)} is not of the type {Show(schema.Types)}");
    }

    private bool IsListed(SchemaNode schema, JsonElement value)
    {
        if (schema.Enum is { } allowed && !allowed.Contains(value))
        {
            return Wrong($"{Show(value)} is none of the {allowed.Count} values of enum");
        }

        return schema.Const is not { } wanted || JsonEquality.Instance.Equals(wanted, value) || Wrong($"{Show(value)} is not {Show(wanted)}");
    }

    private bool HoldsByKind(SchemaNode schema, JsonElement value, Evaluated? seen) => value.ValueKind switch
    {
        JsonValueKind.Object => HoldsForObject(schema, value, seen),
        JsonValueKind.Array => HoldsForArray(schema, value, seen),
        JsonValueKind.String => HoldsForText(schema, value),
        JsonValueKind.Number => HoldsForNumber(schema, value),
        _ => true,
    };

    private bool HoldsForNumber(SchemaNode schema, JsonElement value)
    {
        if (schema is { Minimum: null, ExclusiveMinimum: null, Maximum: null, ExclusiveMaximum: null, MultipleOf: null, FormatLimits: null })
        {
            return true;
        }

        var number = JsonNumber.Of(value);
        return (schema.Minimum is not { } min || number.CompareTo(min) >= 0 || Wrong($"{Show(value)} is less than the minimum {min}"))
            && (schema.ExclusiveMinimum is not { } above || number.CompareTo(above) > 0 || Wrong($"{Show(value)} is not more than {above}"))
            && (schema.Maximum is not { } max || number.CompareTo(max) <= 0 || Wrong($"{Show(value)} is more than the maximum {max}"))
            && (schema.ExclusiveMaximum is not { } below || number.CompareTo(below) < 0 || Wrong($"{Show(value)} is not less than {below}"))
            && (schema.FormatLimits is not var (least, greatest) || (number.CompareTo(least) >= 0 && number.CompareTo(greatest) <= 0)
                || Wrong($"{Show(value)} is not from {least} to {greatest}, as its format says"))
            && (schema.MultipleOf is not { } divisor || number.IsMultipleOf(divisor) || Wrong($"{Show(value)} is not a multiple of {divisor}"));
    }

    private bool HoldsForText(SchemaNode schema, JsonElement value)
    {
        if (schema is { MinLength: null, MaxLength: null, Pattern: null, Format: null })
        {
            return true;
        }

        var text = value.GetString()!;
        if (schema.MinLength is not null || schema.MaxLength is not null)
        {
            // In code points: the second half of a pair does not count.
            var length = text.Length - text.Count(char.IsLowSurrogate);
            if (length < schema.MinLength || length > schema.MaxLength)
            {
                return Wrong($"{Show(value)} has {length} characters, {Show(schema.MinLength, schema.MaxLength)} are allowed");
            }
        }

        return (schema.Pattern is not { } pattern || budget.IsMatch(pattern, text) || Wrong($"{Show(value)} does not match {Excerpt.Of(pattern.Text)}"))
            && (schema.Format is not { } format || format.Holds(text) || Wrong($"{Show(value)} is no {format.Name}"));
    }

    private bool HoldsForArray(SchemaNode schema, JsonElement value, Evaluated? seen)
    {
        var length = value.GetArrayLength();
        if (length < schema.MinItems || length > schema.MaxItems)
        {
            return Wrong($"an array of {length} items, {Show(schema.MinItems, schema.MaxItems)} are allowed");
        }

        var holds = !schema.UniqueItems || AreUnique(value) || Wrong("two items are equal");
        long contained = 0;
        if (schema is not { PrefixItems: [], Items: null, Contains: null })
        {
            var index = 0;
            foreach (var item in value.EnumerateArray())
            {
                var rule = index < schema.PrefixItems.Length ? schema.PrefixItems[index] : schema.Items;
                holds &= rule is null || HoldsBelow(index, rule, item);
                if (!holds && violations is null)
                {
                    return false;
                }

                if (schema.Contains is not null && Quietly(schema.Contains, item, null))
                {
                    contained++;
                    if (schema.ContainsEvaluates)
                    {
                        seen?.AddItem(index);
                    }
                }

                index++;
            }

            seen?.AddFirstItems(schema.Items is null ? Math.Min(length, schema.PrefixItems.Length) : length);
        }

        if (schema.Contains is not null && (contained < schema.MinContains || contained > schema.MaxContains))
        {
            return Wrong($"{contained} items are as contains asks, {Show(schema.MinContains, schema.MaxContains)} are allowed");
        }

        return holds;
    }

    private static bool AreUnique(JsonElement array)
    {
        var items = new HashSet<JsonElement>(JsonEquality.Instance);
        foreach (var item in array.EnumerateArray())
        {
            if (!items.Add(item))
            {
                return false;
            }
        }

        return true;
    }

    private bool HoldsForObject(SchemaNode schema, JsonElement value, Evaluated? seen)
    {
        if (schema.MinProperties is not null || schema.MaxProperties is not null)
        {
            var count = value.GetPropertyCount();
            if (count < schema.MinProperties || count > schema.MaxProperties)
            {
                return Wrong($"an object of {count} properties, {Show(schema.MinProperties, schema.MaxProperties)} are allowed");
            }
        }

        var holds = Has(value, schema.Required);
        foreach (var (name, required) in schema.DependentRequired)
        {
            holds &= !value.TryGetProperty(name, out _) || Has(value, required);
        }

        if ((!holds && violations is null) || schema is { Properties: null, PatternProperties: [], AdditionalProperties: null, PropertyNames: null })
        {
            return holds;
        }

        foreach (var property in value.EnumerateObject())
        {
            holds &= HoldsForProperty(schema, property, seen);
            if (!holds && violations is null)
            {
                return false;
            }
        }

        return holds;
    }

    private bool Has(JsonElement value, string[] required)
    {
        var holds = true;
        foreach (var name in required)
        {
            if (!value.TryGetProperty(name, out _))
            {
                holds = Wrong($"the property '{Excerpt.Of(name)}' is missing");
            }
        }

        return holds;
    }

    private bool HoldsForProperty(SchemaNode schema, JsonProperty property, Evaluated? seen)
    {
        var name = property.Name;
        var holds = schema.PropertyNames is not { } names || HoldsBelow(name, names, JsonSerializer.SerializeToElement(name));
        var isNamed = false;
        if (schema.Properties is { } properties && properties.TryGetValue(name, out var own))
        {
            isNamed = true;
            holds &= HoldsBelow(name, own, property.Value);
        }

        foreach (var (pattern, matching) in schema.PatternProperties)
        {
            if (budget.IsMatch(pattern, name))
            {
                isNamed = true;
                holds &= HoldsBelow(name, matching, property.Value);
            }
        }

        if (!isNamed && schema.AdditionalProperties is { } others)
        {
            isNamed = true;
            holds &= HoldsBelow(name, others, property.Value);
        }

        if (isNamed)
        {
            seen?.AddName(name);
        }

        return holds;
    }
}
