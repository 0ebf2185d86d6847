using System.Collections.Concurrent;
using System.Globalization;
using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Patterns;

/// <summary>What <c>\p{...}</c> may name: general categories and their groups.</summary>
internal static class UnicodeCategories
{
    private const string Short = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Cs Co Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Cn";

    private static readonly string[] longNames =
    [
        "Uppercase_Letter", "Lowercase_Letter", "Titlecase_Letter", "Modifier_Letter", "Other_Letter", "Nonspacing_Mark", "Spacing_Mark", "Enclosing_Mark",
        "Decimal_Number", "Letter_Number", "Other_Number", "Space_Separator", "Line_Separator", "Paragraph_Separator", "Control", "Format", "Surrogate",
        "Private_Use", "Connector_Punctuation", "Dash_Punctuation", "Open_Punctuation", "Close_Punctuation", "Initial_Punctuation", "Final_Punctuation",
        "Other_Punctuation", "Math_Symbol", "Currency_Symbol", "Modifier_Symbol", "Other_Symbol", "Unassigned",
    ];

    private static readonly Dictionary<string, string> groups = new()
    {
        ["Letter"] = "L",
        ["Mark"] = "M",
        ["Combining_Mark"] = "M",
        ["Number"] = "N",
        ["Separator"] = "Z",
        ["Other"] = "C",
        ["Punctuation"] = "P",
        ["punct"] = "P",
        ["Symbol"] = "S",
        ["digit"] = "Nd",
        ["cntrl"] = "Cc",
    };

    private static readonly ConcurrentDictionary<string, CodePointSet> found = new();

    /// <summary>The code points with a property; null where it is none of those known.</summary>
    public static CodePointSet? Find(string name)
    {
        name = name.StartsWith("General_Category=", StringComparison.Ordinal) || name.StartsWith("gc=", StringComparison.Ordinal)
            ? name[(name.IndexOf('=') + 1)..]
            : name;
        if (name is "Any" or "ASCII")
        {
            return name == "Any" ? CodePointSet.All : CodePointSet.Of([(0, 0x7F)]);
        }

        var names = Short.Split(' ');
        var index = Array.IndexOf(longNames, name);
        var wanted = index >= 0 ? names[index] : groups.GetValueOrDefault(name, name);
        var categories = Enumerable.Range(0, names.Length).Where(i => wanted == "LC" ? i < 3 : wanted.Length > 0 && names[i].StartsWith(wanted,
            StringComparison.Ordinal));
        var set = categories.Aggregate(0u, (all, i) => all | 1u << i);
        return set == 0 ? null : found.GetOrAdd(wanted, _ => Collect(set));
    }

    private static CodePointSet Collect(uint categories)
    {
        var ranges = new List<(int, int)>();
        var start = -1;
        for (var point = 0; point <= CodePointSet.Last + 1; point++)
        {
            var isIn = point <= CodePointSet.Last && (categories >> (int)CharUnicodeInfo.GetUnicodeCategory(point) & 1) != 0;
            if (isIn && start < 0)
            {
                start = point;
            }
            else if (!isIn && start >= 0)
            {
                ranges.Add((start, point - 1));
                start = -1;
            }
        }

        return CodePointSet.Of(ranges);
    }
}
