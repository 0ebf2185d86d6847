using System.ComponentModel;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FlexGen.Worker.Configuration;

/// <summary>Holds each key of a layer against the options class: is it known, and has its value the right kind?</summary>
internal sealed class KeyCheck(Type root)
{
    private static readonly JsonSerializerOptions asWritten = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly List<string> errors = [];
    private readonly HashSet<string> reported = [];

    public IReadOnlyList<string> Errors => errors;

    public void Check(ConfigurationLayer layer)
    {
        foreach (var (key, value) in layer.Values)
        {
            if (Explain(key.Split(':'), value, layer) is { } error && reported.Add(error))
            {
                errors.Add($"{layer.Where(key)}: {error}");
            }
        }
    }

    private string? Explain(string[] words, string? value, ConfigurationLayer layer)
    {
        var type = root;
        for (var depth = 0; depth < words.Length; depth++)
        {
            var here = string.Join('.', words[..depth]);
            if (KeyPath.ValueType(type) is { } valueType)
            {
                type = valueType;
            }
            else if (KeyPath.ItemType(type) is { } itemType)
            {
                if (!int.TryParse(words[depth], NumberStyles.None, CultureInfo.InvariantCulture, out var index))
                {
                    return $"'{here}' is a list, not a mapping: '{words[depth]}' cannot stand below it.";
                }

                if (index > 0 && !layer.HasAny($"{string.Join(':', words[..depth])}:{index - 1}"))
                {
                    return $"'{here}' is a list, and whoever gives its entries gives all of them: there is '{here}.{index}' without '{here}.{index - 1}'.";
                }

                type = itemType;
            }
            else if (KeyPath.IsSingleValue(type))
            {
                return $"'{here}' is {Kind(type)}; nothing can stand below it.";
            }
            else if (KeyPath.Properties(type).FirstOrDefault(p => p.Name.Equals(words[depth], StringComparison.OrdinalIgnoreCase)) is { } property)
            {
                type = property.PropertyType;
            }
            else
            {
                var unknown = string.Join('.', words[..(depth + 1)]);
                var nearest = KeyPath.Nearest(root, KeyPath.Properties(type).Select(KeyPath.Name), here, words[depth]);
                return $"unknown key '{unknown}'{(nearest is null ? "." : $"; did you mean '{nearest}'?")} {Known(type, here)}";
            }
        }

        return value is null ? null : ExplainValue(type, string.Join('.', words), value);
    }

    private static string? ExplainValue(Type type, string path, string value)
    {
        if (KeyPath.ItemType(type) is { } item)
        {
            var entries = item == typeof(double) ? string.Join(", ", value.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries))
                : JsonSerializer.Serialize(value, asWritten);
            return value.Length == 0 ? null : $"'{path}' is a list: write [{entries}] in the file, or set {path}.0 from outside it.";
        }

        if (!KeyPath.IsSingleValue(type))
        {
            return value.Length == 0 ? null : $"'{path}' is a mapping, not the value '{value}'. {Known(type, path)}";
        }

        try
        {
            // An empty text would be converted to no value at all, and the default taken without a word.
            if ((value.Length > 0 || type == typeof(string)) && !IsInAnotherBase(type, value))
            {
                TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value);
                return null;
            }
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException or NotSupportedException)
        {
        }

        return $"'{path}' must be {Kind(type)}; found '{value}'.";
    }

    /// <summary>The framework's converters take <c>#10</c>, <c>&amp;h10</c> and <c>0x10</c> for sixteen.</summary>
    private static bool IsInAnotherBase(Type type, string value) =>
        ((Nullable.GetUnderlyingType(type) ?? type) == typeof(int) || (Nullable.GetUnderlyingType(type) ?? type) == typeof(long))
        && value.AsSpan().Trim().TrimStart("+-").ContainsAnyExceptInRange('0', '9');

    private static string Known(Type type, string path) =>
        $"Keys {(path.Length == 0 ? "at the top level" : $"below '{path}'")}: {string.Join(", ", KeyPath.Properties(type).Select(KeyPath.Name))}.";

    private static string Kind(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            { IsEnum: true } => $"one of {string.Join(", ", Enum.GetNames(type))}",
            _ when type == typeof(bool) => "true or false",
            _ when type == typeof(TimeSpan) => "a duration such as 50ms, 30s, 5m, 1h or 00:05:00",
            _ when type == typeof(ByteSize) => "a size such as 16GiB",
            _ when type == typeof(double) || type == typeof(float) => "a number",
            _ when type == typeof(long) => $"a whole number from {long.MinValue} to {long.MaxValue}",
            _ when type.IsPrimitive => "a whole number",
            _ => "a text",
        };
    }
}
