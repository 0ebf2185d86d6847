using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;

namespace FlexGen.Worker.Configuration;

/// <summary>A number of bytes, written as <c>16GiB</c>, <c>500MB</c> or <c>1073741824</c>.</summary>
[TypeConverter(typeof(ByteSizeConverter))]
internal readonly partial record struct ByteSize(long Bytes)
{
    private const string Prefixes = "KMGTP";

    /// <exception cref="FormatException">The text is not a size.</exception>
    public static ByteSize Parse(string text)
    {
        var match = Pattern().Match(text);
        if (!match.Success)
        {
            throw new FormatException($"'{text}' is not a size: write a number and B, KiB, MiB, GiB, TiB, KB, MB, GB or TB, such as 16GiB.");
        }

        var number = double.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
        var power = match.Groups["prefix"].Success
            ? Prefixes.IndexOf(char.ToUpperInvariant(match.Groups["prefix"].ValueSpan[0]), StringComparison.Ordinal) + 1 : 0;
        return new ByteSize(checked((long)(number * Math.Pow(match.Groups["binary"].Success ? 1024 : 1000, power))));
    }

    [GeneratedRegex(
        @"^\s*(?<number>\d+(\.\d+)?)\s*((?<prefix>[KMGTP])(?<binary>i)?)?B?\s*$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();

    private sealed class ByteSizeConverter : TypeConverter
    {
        public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

        public override object ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) => Parse((string)value);
    }
}
