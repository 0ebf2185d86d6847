using System.Globalization;
using System.Text;
using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>Times as C's strftime writes them in English.</summary>
internal static class LocalTime
{
    private const string Supported = "%a %A %b %B %d %e %f %F %H %I %j %m %M %p %S %T %y %Y %%, and - behind % for no zero in front";

    public static string Format(DateTimeOffset time, string format)
    {
        var text = new StringBuilder();
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%')
            {
                text.Append(format[at]);
                continue;
            }

            var isBare = at + 1 < format.Length && format[at + 1] == '-';
            at += isBare ? 2 : 1;
            var one = One(time, at < format.Length ? format[at] : ' ');
            text.Append(isBare && one.Length > 1 ? one.TrimStart('0', ' ') is { Length: > 0 } bare ? bare : "0" : one);
        }

        return text.ToString();
    }

    private static string One(DateTimeOffset time, char kind)
    {
        var custom = kind switch
        {
            'a' => "ddd",
            'A' => "dddd",
            'b' or 'h' => "MMM",
            'B' => "MMMM",
            'd' => "dd",
            'f' => "ffffff",
            'F' => "yyyy-MM-dd",
            'H' => "HH",
            'I' => "hh",
            'm' => "MM",
            'M' => "mm",
            'p' => "tt",
            'S' => "ss",
            'T' => "HH:mm:ss",
            'y' => "yy",
            'Y' => "yyyy",
            _ => null,
        };
        return custom is not null ? time.ToString(custom, CultureInfo.InvariantCulture) : kind switch
        {
            '%' => "%",
            'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            _ => throw new TemplateFailure($"found %{kind} in a time's format; supported are {Supported}"),
        };
    }
}
