using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using FlexGen.Dataflow.Checks.Schema;
using FlexGen.Schemas;

namespace FlexGen.Dataflow.Checks;

// What is wrong and where.
internal sealed partial class SchemaCheck
{
    private bool HoldsBelow(string name, SchemaNode schema, JsonElement value)
    {
        violations?.Enter(name);
        var holds = Holds(schema, value, null);
        violations?.Leave();
        return holds;
    }

    private bool HoldsBelow(int index, SchemaNode schema, JsonElement value)
    {
        violations?.Enter(index.ToString(CultureInfo.InvariantCulture));
        var holds = Holds(schema, value, null);
        violations?.Leave();
        return holds;
    }

    private bool Wrong([InterpolatedStringHandlerArgument("")] ref ViolationText what)
    {
        violations?.Add(what.ToString());
        return false;
    }

    private bool Wrong(string what)
    {
        violations?.Add(what);
        return false;
    }

    private static string Show(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        _ => Excerpt.Of(value.GetRawText()),
    };

    private static string Show(JsonTypes types)
    {
        var shown = types.HasFlag(JsonTypes.Number) ? types & ~JsonTypes.Integer : types;
        return shown.ToString().ToLowerInvariant().Replace(", ", " or ", StringComparison.Ordinal);
    }

    private static string Show(long? min, long? max) => (min, max) switch
    {
        (null, { } most) => $"at most {most}",
        ({ } least, null) => $"at least {least}",
        _ => min == max ? $"{min}" : $"{min} to {max}",
    };

    /// <summary>Builds no text that nobody asked for.</summary>
    [InterpolatedStringHandler]
    private ref struct ViolationText
    {
        private DefaultInterpolatedStringHandler text;

        public ViolationText(int literals, int holes, SchemaCheck check, out bool isWanted)
        {
            isWanted = check.violations is not null;
            text = isWanted ? new DefaultInterpolatedStringHandler(literals, holes, CultureInfo.InvariantCulture) : default;
        }

        public void AppendLiteral(string value) => text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => text.AppendFormatted(value);

        public override string ToString() => text.ToStringAndClear();
    }
}
