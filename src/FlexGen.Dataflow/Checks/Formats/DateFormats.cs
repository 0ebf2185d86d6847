using System.Globalization;
using System.Text.RegularExpressions;

namespace FlexGen.Dataflow.Checks.Formats;

/// <summary>Dates and times of RFC 3339.</summary>
internal static partial class DateFormats
{
    private const int DateLength = 10;
    private const int MinutesOfDay = 24 * 60;

    public static bool IsDate(string text) => IsDate(text.AsSpan());

    public static bool IsDateTime(string text) =>
        text.Length > DateLength && text[DateLength] is 'T' or 't' && IsDate(text.AsSpan(0, DateLength)) && IsTime(text[(DateLength + 1)..]);

    /// <summary>A time with its offset; second 60 is the last of a day of UTC.</summary>
    public static bool IsTime(string text)
    {
        var match = Time().Match(text);
        if (!match.Success)
        {
            return false;
        }

        var hour = Number("hour");
        var minute = Number("minute");
        var second = Number("second");
        var offsetHour = Number("offsetHour");
        var offsetMinute = Number("offsetMinute");
        if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59)
        {
            return false;
        }

        var offset = (match.Groups["sign"].Value == "-" ? -1 : 1) * (offsetHour * 60 + offsetMinute);
        return second < 60 || (hour * 60 + minute - offset + MinutesOfDay) % MinutesOfDay == MinutesOfDay - 1;

        int Number(string group) => match.Groups[group] is { Success: true } found ? int.Parse(found.Value, CultureInfo.InvariantCulture) : 0;
    }

    public static bool IsDuration(string text) => Duration().IsMatch(text);

    private static bool IsDate(ReadOnlySpan<char> text)
    {
        if (text.Length != DateLength || text[4] != '-' || text[7] != '-' || !IsDigits(text[..4]) || !IsDigits(text[5..7]) || !IsDigits(text[8..]))
        {
            return false;
        }

        var year = int.Parse(text[..4], CultureInfo.InvariantCulture);
        var month = int.Parse(text[5..7], CultureInfo.InvariantCulture);
        var day = int.Parse(text[8..], CultureInfo.InvariantCulture);
        // The calendar repeats after 400 years; .NET's begins with the year 1.
        return month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year % 400 + 400, month);
    }

    private static bool IsDigits(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');

    [GeneratedRegex(
        @"^(?<hour>[0-9]{2}):(?<minute>[0-9]{2}):(?<second>[0-9]{2})(?:\.[0-9]+)?"
        + @"(?:[Zz]|(?<sign>[+-])(?<offsetHour>[0-9]{2}):(?<offsetMinute>[0-9]{2}))\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Time();

    [GeneratedRegex(
        "^P(?:[0-9]+W|(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)?"
        + @"(?:T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))?)(?<!P)\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Duration();
}
