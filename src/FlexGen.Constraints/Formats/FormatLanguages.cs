using FlexGen.Constraints.Patterns;
using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Formats;

/// <summary>Texts of the formats that JSON Schema names, as languages.</summary>
/// <param name="algebra">Makes them.</param>
/// <param name="patterns">Reads what they are written in here.</param>
internal sealed class FormatLanguages(RegexAlgebra algebra, PatternLanguage patterns)
{
    private const string Date =
        @"(?:\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
        + "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)";

    // Second 60 is the last of a day of UTC.
    private const string Time =
        @"(?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)|23:59:60(?:\.\d+)?(?:[Zz]|[+-]00:00))";

    private const string TimeOfDuration = @"T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S)";
    private const string Label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
    private const string Byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private const string Ipv4 = $@"(?:{Byte}\.){{3}}{Byte}";
    private const string Group = "[0-9A-Fa-f]{1,4}";
    private const string Atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";

    private const string Ipv6 =
        $"(?:(?:{Group}:){{7}}{Group}|(?:{Group}:){{6}}{Ipv4}|(?:{Group}(?::{Group}){{0,6}})?::"
        + $"|::(?:{Group}:){{0,6}}{Group}|::(?:{Group}:){{0,5}}{Ipv4}"
        + $"|{Group}::(?:{Group}:){{0,5}}{Group}|{Group}::(?:{Group}:){{0,4}}{Ipv4}"
        + $"|(?:{Group}:){{1}}{Group}::(?:{Group}:){{0,4}}{Group}|(?:{Group}:){{1}}{Group}::(?:{Group}:){{0,3}}{Ipv4}"
        + $"|(?:{Group}:){{2}}{Group}::(?:{Group}:){{0,3}}{Group}|(?:{Group}:){{2}}{Group}::(?:{Group}:){{0,2}}{Ipv4}"
        + $"|(?:{Group}:){{3}}{Group}::(?:{Group}:){{0,2}}{Group}|(?:{Group}:){{3}}{Group}::(?:{Group}:){{0,1}}{Ipv4}"
        + $"|(?:{Group}:){{4}}{Group}::(?:{Group}:){{0,1}}{Group}|(?:{Group}:){{4}}{Group}::{Ipv4}"
        + $"|(?:{Group}:){{5}}{Group}::{Group})";

    private const string Unreserved = @"A-Za-z0-9._~\-";
    private const string SubDelimiters = "!$&'()*+,;=";
    private const string Escape = "%[0-9A-Fa-f]{2}";

    private const string Scheme = "[A-Za-z][A-Za-z0-9+.-]*:";

    // ucschar and iprivate of RFC 3987.
    private const string Beyond =
        @"\u00A0-\uD7FF\uF900-\uFDCF\uFDF0-\uFFEF\u{10000}-\u{1FFFD}\u{20000}-\u{2FFFD}\u{30000}-\u{3FFFD}\u{40000}-\u{4FFFD}\u{50000}-\u{5FFFD}"
        + @"\u{60000}-\u{6FFFD}"
        + @"\u{70000}-\u{7FFFD}\u{80000}-\u{8FFFD}\u{90000}-\u{9FFFD}\u{A0000}-\u{AFFFD}\u{B0000}-\u{BFFFD}"
        + @"\u{C0000}-\u{CFFFD}\u{D0000}-\u{DFFFD}\u{E1000}-\u{EFFFD}";

    private const string Private = @"\uE000-\uF8FF\u{F0000}-\u{FFFFD}\u{100000}-\u{10FFFD}";

    private readonly Dictionary<string, RegexNode?> known = [];

    /// <summary>The texts of a format; null where it is not known, or where no automaton tells them.</summary>
    public RegexNode? Find(string format)
    {
        if (!known.TryGetValue(format, out var language))
        {
            language = known[format] = Make(format);
        }

        return language;
    }

    private RegexNode? Make(string format) => format switch
    {
        "date" => patterns.Whole(Date),
        "date-time" => patterns.Whole($"{Date}[Tt]{Time}"),
        "time" => patterns.Whole(Time),
        "duration" => patterns.Whole(
            @$"P(?:\d+W|(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)(?:{TimeOfDuration})?|{TimeOfDuration})"),
        "email" => Email(),
        "hostname" => Hostname(),
        "ipv4" => patterns.Whole(Ipv4),
        "ipv6" => patterns.Whole(Ipv6),
        "uri" => patterns.Whole(Scheme + Reference("", "")),
        "iri" => patterns.Whole(Scheme + Reference(Beyond, Private)),
        "uri-reference" => Relative("", ""),
        "iri-reference" => Relative(Beyond, Private),
        "uuid" => patterns.Whole("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
        "json-pointer" => patterns.Whole(@"(?:/(?:[^~/]|[\r\n\u2028\u2029]|~[01])*)*"),
        "relative-json-pointer" => patterns.Whole(@"(?:0|[1-9]\d*)(?:#|(?:/(?:[^~/]|~[01])*)*)"),
        _ => null,
    };

    private static string Some(string characters) => $"(?:[{Unreserved}{SubDelimiters}{characters}]|{Escape})*";

    // What follows a scheme.
    private static string Reference(string beyond, string ofQueries)
    {
        var host = $@"(?:\[(?:{Ipv6}|[vV][0-9A-Fa-f]+\.[{Unreserved}{SubDelimiters}:]+)\]|{Some(beyond)})";
        var authority = $"//(?:{Some(":" + beyond)}@)?{host}(?::[0-9]*)?";
        var path = Some(":@/" + beyond);
        return $@"(?:{authority}(?:/{path})?|(?!//){path})(?:\?{Some(":@/?" + beyond + ofQueries)})?(?:#{Some(":@/?" + beyond)})?";
    }

    // A colon in the first segment would be taken for a scheme's.
    private RegexNode Relative(string beyond, string ofQueries) => algebra.Or(
        patterns.Whole(Scheme + Reference(beyond, ofQueries)),
        algebra.And(patterns.Whole(Reference(beyond, ofQueries)), algebra.Not(patterns.Whole(@"[^/?#:]*:(?:.|[\r\n\u2028\u2029])*"))));

    private RegexNode Hostname() => algebra.And(patterns.Whole($@"{Label}(?:\.{Label})*"), Length(1, 253));

    private RegexNode Email() => algebra.Concat(
        algebra.And(patterns.Whole($@"(?:{Atom}(?:\.{Atom})*|""(?:[ !#-\[\]-~]|\\[ -~])*"")"), Length(1, 64)),
        algebra.Literal("@"),
        algebra.Or(Hostname(), patterns.Whole($@"\[(?:{Ipv4}|[Ii][Pp][Vv]6:{Ipv6})\]")));

    private RegexNode Length(int min, int max) => algebra.Loop(algebra.Set(CodePointSet.All), min, max);
}
