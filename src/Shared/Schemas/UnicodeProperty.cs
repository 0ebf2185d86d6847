using System.Collections.Concurrent;
using System.Globalization;

namespace FlexGen.Schemas;

/// <summary>What <c>\p{...}</c> may name: general categories, by every name that Unicode gives them.</summary>
internal static class UnicodeProperty
{
    private static readonly (string[] Names, UnicodeCategory[] Categories)[] known =
    [
        (["Lu", "Uppercase_Letter"], [UnicodeCategory.UppercaseLetter]),
        (["Ll", "Lowercase_Letter"], [UnicodeCategory.LowercaseLetter]),
        (["Lt", "Titlecase_Letter"], [UnicodeCategory.TitlecaseLetter]),
        (["LC", "Cased_Letter"], [UnicodeCategory.UppercaseLetter, UnicodeCategory.LowercaseLetter, UnicodeCategory.TitlecaseLetter]),
        (["Lm", "Modifier_Letter"], [UnicodeCategory.ModifierLetter]),
        (["Lo", "Other_Letter"], [UnicodeCategory.OtherLetter]),
        (["L", "Letter"], Range(UnicodeCategory.UppercaseLetter, UnicodeCategory.OtherLetter)),
        (["Mn", "Nonspacing_Mark"], [UnicodeCategory.NonSpacingMark]),
        (["Mc", "Spacing_Mark"], [UnicodeCategory.SpacingCombiningMark]),
        (["Me", "Enclosing_Mark"], [UnicodeCategory.EnclosingMark]),
        (["M", "Mark", "Combining_Mark"], Range(UnicodeCategory.NonSpacingMark, UnicodeCategory.EnclosingMark)),
        (["Nd", "Decimal_Number", "digit"], [UnicodeCategory.DecimalDigitNumber]),
        (["Nl", "Letter_Number"], [UnicodeCategory.LetterNumber]),
        (["No", "Other_Number"], [UnicodeCategory.OtherNumber]),
        (["N", "Number"], Range(UnicodeCategory.DecimalDigitNumber, UnicodeCategory.OtherNumber)),
        (["Zs", "Space_Separator"], [UnicodeCategory.SpaceSeparator]),
        (["Zl", "Line_Separator"], [UnicodeCategory.LineSeparator]),
        (["Zp", "Paragraph_Separator"], [UnicodeCategory.ParagraphSeparator]),
        (["Z", "Separator"], Range(UnicodeCategory.SpaceSeparator, UnicodeCategory.ParagraphSeparator)),
        (["Cc", "Control", "cntrl"], [UnicodeCategory.Control]),
        (["Cf", "Format"], [UnicodeCategory.Format]),
        (["Cs", "Surrogate"], [UnicodeCategory.Surrogate]),
        (["Co", "Private_Use"], [UnicodeCategory.PrivateUse]),
        (["Cn", "Unassigned"], [UnicodeCategory.OtherNotAssigned]),
        (["C", "Other"], [.. Range(UnicodeCategory.Control, UnicodeCategory.PrivateUse), UnicodeCategory.OtherNotAssigned]),
        (["Pc", "Connector_Punctuation"], [UnicodeCategory.ConnectorPunctuation]),
        (["Pd", "Dash_Punctuation"], [UnicodeCategory.DashPunctuation]),
        (["Ps", "Open_Punctuation"], [UnicodeCategory.OpenPunctuation]),
        (["Pe", "Close_Punctuation"], [UnicodeCategory.ClosePunctuation]),
        (["Pi", "Initial_Punctuation"], [UnicodeCategory.InitialQuotePunctuation]),
        (["Pf", "Final_Punctuation"], [UnicodeCategory.FinalQuotePunctuation]),
        (["Po", "Other_Punctuation"], [UnicodeCategory.OtherPunctuation]),
        (["P", "Punctuation", "punct"], Range(UnicodeCategory.ConnectorPunctuation, UnicodeCategory.OtherPunctuation)),
        (["Sm", "Math_Symbol"], [UnicodeCategory.MathSymbol]),
        (["Sc", "Currency_Symbol"], [UnicodeCategory.CurrencySymbol]),
        (["Sk", "Modifier_Symbol"], [UnicodeCategory.ModifierSymbol]),
        (["So", "Other_Symbol"], [UnicodeCategory.OtherSymbol]),
        (["S", "Symbol"], Range(UnicodeCategory.MathSymbol, UnicodeCategory.OtherSymbol)),
        (["Any"], Range(UnicodeCategory.UppercaseLetter, UnicodeCategory.OtherNotAssigned)),
        (["Assigned"], Range(UnicodeCategory.UppercaseLetter, UnicodeCategory.OtherSymbol)),
    ];

    private static readonly ConcurrentDictionary<string, CodePoints> found = new();

    /// <summary>The code points with a property; null where it is none of those known.</summary>
    public static CodePoints? Find(string name)
    {
        foreach (var prefix in (string[])["General_Category=", "gc="])
        {
            name = name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;
        }

        if (name == "ASCII")
        {
            return new CodePoints([(0, 0x7F)]);
        }

        var categories = Array.Find(known, property => property.Names.Contains(name)).Categories;
        return categories is null ? null : found.GetOrAdd(name, _ => Collect(categories));
    }

    private static CodePoints Collect(UnicodeCategory[] categories)
    {
        var wanted = categories.Aggregate(0u, (set, category) => set | 1u << (int)category);
        var ranges = new List<(int, int)>();
        var start = -1;
        for (var point = 0; point <= CodePoints.Last + 1; point++)
        {
            var isIn = point <= CodePoints.Last && (wanted >> (int)CharUnicodeInfo.GetUnicodeCategory(point) & 1) != 0;
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

        return new CodePoints(ranges);
    }

    private static UnicodeCategory[] Range(UnicodeCategory first, UnicodeCategory last) =>
        [.. Enumerable.Range((int)first, last - first + 1).Select(category => (UnicodeCategory)category)];
}
