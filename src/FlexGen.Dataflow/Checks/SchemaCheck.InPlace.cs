using System.Text.Json;
using FlexGen.Dataflow.Checks.Schema;

namespace FlexGen.Dataflow.Checks;

// Schemas that apply to the same value, and what they leave unevaluated.
internal sealed partial class SchemaCheck
{
    private bool HoldsInPlace(SchemaNode schema, JsonElement value, Evaluated? seen)
    {
        if (schema.Reference is { } reference && !Holds(reference, value, seen))
        {
            return false;
        }

        foreach (var each in schema.AllOf)
        {
            if (!Holds(each, value, seen))
            {
                return false;
            }
        }

        return HoldsAnyOf(schema, value, seen) && HoldsOneOf(schema, value, seen) && HoldsConditions(schema, value, seen);
    }

    private bool HoldsAnyOf(SchemaNode schema, JsonElement value, Evaluated? seen)
    {
        var holds = schema.AnyOf is [];
        foreach (var each in schema.AnyOf)
        {
            holds |= Quietly(each, value, seen);
            if (holds && seen is null)
            {
                return true;
            }
        }

        return holds || Wrong($"{Show(value)} is as none of the {schema.AnyOf.Length} schemas of anyOf");
    }

    private bool HoldsOneOf(SchemaNode schema, JsonElement value, Evaluated? seen)
    {
        if (schema.OneOf is [])
        {
            return true;
        }

        var held = 0;
        foreach (var each in schema.OneOf)
        {
            held += Quietly(each, value, seen) ? 1 : 0;
        }

        return held == 1 || Wrong($"{Show(value)} is as {held} of the {schema.OneOf.Length} schemas of oneOf, and must be as one");
    }

    private bool HoldsConditions(SchemaNode schema, JsonElement value, Evaluated? seen)
    {
        if (schema.Not is { } not && Quietly(not, value, null))
        {
            return Wrong($"{Show(value)} is as the schema #{Excerpt.Of(not.Location)}, and must not be");
        }

        if (schema.If is { } condition)
        {
            var then = Quietly(condition, value, seen) ? schema.Then : schema.Else;
            if (then is not null && !Holds(then, value, seen))
            {
                return false;
            }
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var (name, dependent) in schema.DependentSchemas)
            {
                if (value.TryGetProperty(name, out _) && !Holds(dependent, value, seen))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool HoldsUnevaluated(SchemaNode schema, JsonElement value, Evaluated? seen)
    {
        var holds = true;
        if (schema.UnevaluatedItems is { } items && value.ValueKind == JsonValueKind.Array)
        {
            var index = 0;
            foreach (var item in value.EnumerateArray())
            {
                holds &= seen!.Has(index) || HoldsBelow(index, items, item);
                index++;
            }

            seen!.AddFirstItems(index);
        }

        if (schema.UnevaluatedProperties is { } properties && value.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in value.EnumerateObject())
            {
                holds &= seen!.Has(property.Name) || HoldsBelow(property.Name, properties, property.Value);
            }

            seen!.AddAllNames();
        }

        return holds;
    }

    /// <summary>Whether a value holds, where its not holding is nothing wrong.</summary>
    private bool Quietly(SchemaNode schema, JsonElement value, Evaluated? seen)
    {
        var loud = violations;
        violations = null;
        try
        {
            return Holds(schema, value, seen);
        }
        finally
        {
            violations = loud;
        }
    }
}
