using System.ComponentModel;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace FlexGen.Worker.Configuration;

/// <summary>
/// Reads durations as people write them: <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>1h</c>, <c>2d</c>, <c>00:05:00</c>. The framework's own
/// converter takes <c>5</c> for five days, and <c>24:00:00</c> for twenty-four.
/// </summary>
internal sealed partial class DurationConverter : TypeConverter
{
    // The binder, the check of keys and the limits of options all ask the type for its converter.
    [ModuleInitializer]
    internal static void Register() => TypeDescriptor.AddAttributes(typeof(TimeSpan), new TypeConverterAttribute(typeof(DurationConverter)));

    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type? sourceType) => sourceType == typeof(string);

    /// <exception cref="FormatException">The text is not a duration.</exception>
    /// <exception cref="OverflowException">It is longer than ten million days.</exception>
    public override object ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value)
    {
        var match = Pattern().Match((string)value);
        if (!match.Success)
        {
            throw new FormatException($"'{value}' is not a duration.");
        }

        return match.Groups["unit"].Value switch
        {
            "ms" => TimeSpan.FromMilliseconds(Number("number")),
            "s" => TimeSpan.FromSeconds(Number("number")),
            "m" => TimeSpan.FromMinutes(Number("number")),
            "h" => TimeSpan.FromHours(Number("number")),
            "d" => TimeSpan.FromDays(Number("number")),
            _ => TimeSpan.FromDays(Number("days")) + TimeSpan.FromHours(Number("hours"))
                + TimeSpan.FromMinutes(Number("minutes")) + TimeSpan.FromSeconds(Number("seconds")),
        };

        double Number(string group) => match.Groups[group] is { Success: true, ValueSpan: var digits } ? double.Parse(digits, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex(
        @"^\s*((?<number>[0-9]+(\.[0-9]+)?)\s*(?<unit>ms|s|m|h|d)|"
        + @"((?<days>[0-9]+)\.)?(?<hours>[0-9]+):(?<minutes>[0-5][0-9]):(?<seconds>[0-5][0-9](\.[0-9]+)?))\s*\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
