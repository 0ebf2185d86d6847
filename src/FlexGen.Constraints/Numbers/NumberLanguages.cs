using System.Globalization;
using System.Text.Json;
using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Numbers;

/// <summary>
/// Numbers as JSON writes them, as languages. There are at most <see cref="MostWhole"/> digits before the point and <see cref="MostFraction"/> after it, and
/// none
/// is too large for a double. Where a number is limited, an exponent stands after one digit, or one with a fraction, as most programs write it.
/// </summary>
/// <param name="algebra">Makes them.</param>
internal sealed partial class NumberLanguages(RegexAlgebra algebra)
{
    private const int MostWhole = 40;
    private const int MostFraction = 40;
    private const int MostExponent = 307;
    private const int LargestDivisor = 100_000;

    private RegexNode? all;
    private RegexNode? plainOrNormal;

    /// <summary>Any number.</summary>
    public RegexNode All => all ??= algebra.Or(
        Magnitude(signed: true, algebra.Concat(Whole, Fraction)),
        Magnitude(signed: true, algebra.Concat(Whole, Fraction, Exponent(0, 99, anySign: true))),
        Magnitude(signed: true, algebra.Concat(Digit('1', '9'), Fraction, Exponent(0, MostExponent, anySign: true))));

    /// <summary>Any number, where one with an exponent has one digit before its point, and not 0.</summary>
    public RegexNode Normal => plainOrNormal ??= algebra.Or(
        Magnitude(signed: true, algebra.Concat(Whole, Fraction)),
        Magnitude(signed: true, algebra.Concat(Digit('1', '9'), Fraction, Exponent(0, MostExponent, anySign: true))));

    /// <summary>Whole numbers, written as such.</summary>
    public RegexNode Integers => Magnitude(signed: true, Whole);

    /// <summary>Whole numbers among <see cref="Normal"/>, and some that may not be whole.</summary>
    public RegexNode MaybeIntegers => algebra.Or(
        Magnitude(signed: true, algebra.Concat(Whole, Zeros)),
        Magnitude(signed: true, algebra.Concat(Digit('1', '9'), Fraction, ExponentBetween(0, MostExponent))));

    private RegexNode Whole => algebra.Or(Literal("0"), algebra.Concat(Digit('1', '9'), Digits(0, MostWhole - 1)));

    private RegexNode Fraction => algebra.Optional(algebra.Concat(Literal("."), Digits(1, MostFraction)));

    private RegexNode Zeros => algebra.Optional(algebra.Concat(Literal("."), algebra.Loop(Literal("0"), 1, MostFraction)));

    /// <summary>One number: as it was written, and as it is written plainly.</summary>
    public RegexNode Written(JsonElement number)
    {
        var value = DecimalNumber.Of(number);
        var plain = value is { } known && known.Plain.Length <= MostWhole ? Literal(known.Plain) : algebra.None;
        return algebra.Or(Literal(number.GetRawText()), plain);
    }

    /// <summary>All of <see cref="Normal"/> that a number is written as.</summary>
    public RegexNode Same(DecimalNumber number)
    {
        var bound = new NumberBound(number, IsExclusive: false);
        return Range(bound, bound, withNegativeZero: true);
    }

    /// <summary>Numbers that are multiples of another, written without an exponent; null where there are too many remainders to tell apart.</summary>
    public RegexNode? Multiples(DecimalNumber divisor)
    {
        var fraction = divisor.Fraction;
        var isSmall = int.TryParse(divisor.Whole + fraction, NumberStyles.None, CultureInfo.InvariantCulture, out var whole)
            && whole is > 0 and <= LargestDivisor;
        return isSmall
            ? algebra.And(algebra.Multiple(new MultipleState(whole, fraction.Length, 0, MultiplePlace.Start)), Magnitude(signed: true,
                algebra.Concat(Whole, Fraction)))
            : null;
    }

    /// <summary>Numbers within limits.</summary>
    /// <param name="min">The lower one.</param>
    /// <param name="max">The upper one.</param>
    /// <param name="withNegativeZero">With 0 as it is written below 0; nobody has to write it so.</param>
    public RegexNode Range(NumberBound? min, NumberBound? max, bool withNegativeZero)
    {
        var nonNegative = max is not null && max.Value.CompareTo(DecimalNumber.Zero) < 0
            ? algebra.None
            : Between(min is null || min.Value.IsNegative ? null : min, max);
        // Of numbers below 0, what the sign stands before.
        var most = min is null ? null : new NumberBound(min.Value.Negated, min.IsExclusive);
        var least = max is null || max.Value.CompareTo(DecimalNumber.Zero) >= 0
            ? new NumberBound(DecimalNumber.Zero, IsExclusive: true)
            : new NumberBound(max.Value.Negated, max.IsExclusive);
        var negative = min is not null && min.Value.CompareTo(DecimalNumber.Zero) >= 0
            ? algebra.None
            : algebra.Concat(Literal("-"), Between(least, most));
        var hasZero = min?.Value.CompareTo(DecimalNumber.Zero) is not (> 0) && max?.Value.CompareTo(DecimalNumber.Zero) is not (< 0)
            && min is not { Value.IsZero: true, IsExclusive: true } && max is not { Value.IsZero: true, IsExclusive: true };
        return algebra.Or(nonNegative, negative, withNegativeZero && hasZero ? algebra.Concat(Literal("-0"), Zeros) : algebra.None);
    }

    // Limits that are not negative.
    private RegexNode Between(NumberBound? min, NumberBound? max)
    {
        var plain = algebra.And(
            algebra.Concat(Whole, Fraction),
            min is null ? algebra.Any : PlainFrom(min.Value, min.IsExclusive),
            max is null ? algebra.Any : PlainTo(max.Value, max.IsExclusive));
        var normal = algebra.And(
            min is null || min.Value.IsZero ? NormalBetween(null, null) : NormalBetween(min, null),
            max is null ? algebra.Any : max.Value.IsZero ? algebra.None : NormalBetween(null, max));
        return algebra.Or(plain, normal);
    }

    private RegexNode PlainFrom(DecimalNumber bound, bool isExclusive)
    {
        var whole = bound.Whole;
        return algebra.Or(
            algebra.Concat(Digit('1', '9'), Digits(whole.Length, RegexAlgebra.Endless), Fraction),
            algebra.Concat(Above(whole, whole.Length > 1), Fraction),
            algebra.Concat(Literal(whole), FractionFrom(bound.Fraction, isExclusive)));
    }

    private RegexNode PlainTo(DecimalNumber bound, bool isExclusive)
    {
        var whole = bound.Whole;
        var shorter = whole.Length == 1 ? algebra.None : algebra.Or(Literal("0"), algebra.Concat(Digit('1', '9'), Digits(0, whole.Length - 2)));
        return algebra.Or(
            algebra.Concat(shorter, Fraction),
            algebra.Concat(Below(whole, whole.Length > 1), Fraction),
            algebra.Concat(Literal(whole), FractionTo(bound.Fraction, isExclusive)));
    }

    private RegexNode FractionFrom(string digits, bool isExclusive)
    {
        var anything = algebra.Loop(Digit('0', '9'), 0, RegexAlgebra.Endless);
        var more = algebra.Concat(anything, Digit('1', '9'), anything);
        if (digits.Length == 0)
        {
            return isExclusive ? algebra.Concat(Literal("."), more) : algebra.Optional(algebra.Concat(Literal("."), anything));
        }

        return algebra.Concat(
            Literal("."),
            algebra.Or(algebra.Concat(Above(digits, isFirst: false, anyLength: true), anything), algebra.Concat(Literal(digits), isExclusive ? more
                : anything)));
    }

    private RegexNode FractionTo(string digits, bool isExclusive)
    {
        var zeros = algebra.Loop(Literal("0"), 0, RegexAlgebra.Endless);
        if (digits.Length == 0)
        {
            return isExclusive ? algebra.None : algebra.Optional(algebra.Concat(Literal("."), zeros));
        }

        var anything = algebra.Loop(Digit('0', '9'), 0, RegexAlgebra.Endless);
        var prefixes = Enumerable.Range(1, digits.Length - 1).Select(length => Literal(digits[..length]));
        return algebra.Optional(algebra.Concat(
            Literal("."),
            algebra.Or([
                algebra.Concat(Below(digits, isFirst: false, anyLength: true), anything), .. prefixes,
                isExclusive ? algebra.None : algebra.Concat(Literal(digits), zeros)])));
    }

    /// <summary>Digits that are more than others of the same number, or of any number that is at least long enough to tell.</summary>
    private RegexNode Above(string digits, bool isFirst, bool anyLength = false) => algebra.Or([.. digits.Index().Select(digit => algebra.Concat(
        Literal(digits[..digit.Index]),
        digit.Item == '9' ? algebra.None : Digit((char)Math.Max(digit.Item + 1, isFirst && digit.Index == 0 ? '1' : '0'), '9'),
        anyLength ? algebra.Empty : Digits(digits.Length - digit.Index - 1, digits.Length - digit.Index - 1)))]);

    private RegexNode Below(string digits, bool isFirst, bool anyLength = false) => algebra.Or([.. digits.Index().Select(digit =>
    {
        var least = isFirst && digit.Index == 0 ? '1' : '0';
        return algebra.Concat(
            Literal(digits[..digit.Index]),
            digit.Item <= least ? algebra.None : Digit(least, (char)(digit.Item - 1)),
            anyLength ? algebra.Empty : Digits(digits.Length - digit.Index - 1, digits.Length - digit.Index - 1));
    })]);

    private RegexNode Magnitude(bool signed, RegexNode magnitude) => signed ? algebra.Concat(algebra.Optional(Literal("-")), magnitude) : magnitude;

    private RegexNode Literal(string text) => algebra.Literal(text);

    private RegexNode Digit(char first, char last) => algebra.Set(CodePointSet.Of([(first, last)]));

    private RegexNode Digits(int min, int max) => algebra.Loop(Digit('0', '9'), min, max);
}
