using System.Globalization;

namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>Floats as Python prints them.</summary>
internal static class FloatText
{
    public static string Of(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        // The fewest digits that read back as the value, as in Python; only where the point stands differs.
        var shortest = value.ToString("E16", CultureInfo.InvariantCulture);
        for (var digits = 0; digits < 17; digits++)
        {
            var text = value.ToString($"E{digits}", CultureInfo.InvariantCulture);
            if (double.Parse(text, CultureInfo.InvariantCulture) == value)
            {
                shortest = text;
                break;
            }
        }

        var sign = double.IsNegative(value) ? "-" : "";
        var e = shortest.IndexOf('E', StringComparison.Ordinal);
        var mantissa = shortest[sign.Length..e].Replace(".", "", StringComparison.Ordinal);
        var exponent = int.Parse(shortest.AsSpan(e + 1), CultureInfo.InvariantCulture);
        return sign + exponent switch
        {
            < -4 or >= 16 => $"{mantissa[..1]}{(mantissa.Length > 1 ? "." + mantissa[1..] : "")}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}",
            < 0 => "0." + new string('0', -exponent - 1) + mantissa,
            _ when mantissa.Length > exponent + 1 => mantissa[..(exponent + 1)] + "." + mantissa[(exponent + 1)..],
            _ => mantissa.PadRight(exponent + 1, '0') + ".0",
        };
    }
}
