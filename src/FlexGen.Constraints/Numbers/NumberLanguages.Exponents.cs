using System.Globalization;
using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Numbers;

// Numbers with an exponent, which have one digit before the point.
internal sealed partial class NumberLanguages
{
    private RegexNode NormalBetween(NumberBound? min, NumberBound? max)
    {
        var mantissa = algebra.Concat(Digit('1', '9'), Fraction);
        if (min is null && max is null)
        {
            return algebra.Concat(mantissa, ExponentBetween(-MostExponent, MostExponent));
        }

        var bound = (min ?? max)!;
        var exponent = bound.Value.Point - 1;
        var whole = bound.Value.Digits[..1];
        var fraction = bound.Value.Digits[1..];
        var same = min is not null
            ? algebra.Or(
                algebra.Concat(Above(whole, isFirst: true), Fraction), algebra.Concat(Literal(whole), algebra.And(Fraction, FractionFrom(fraction,
                    bound.IsExclusive))))
            : algebra.Or(
                algebra.Concat(Below(whole, isFirst: true), Fraction), algebra.Concat(Literal(whole), algebra.And(Fraction, FractionTo(fraction,
                    bound.IsExclusive))));
        return algebra.Or(
            algebra.Concat(mantissa, min is not null ? ExponentBetween(exponent + 1, MostExponent) : ExponentBetween(-MostExponent, exponent - 1)),
            algebra.Concat(same, ExponentBetween(exponent, exponent)));
    }

    private RegexNode ExponentBetween(int min, int max)
    {
        min = Math.Max(min, -MostExponent);
        max = Math.Min(max, MostExponent);
        return algebra.Or(
            Math.Max(min, 0) <= max ? algebra.Concat(ExponentSign('+'), Exponents(Math.Max(min, 0), max)) : algebra.None,
            min <= Math.Min(max, 0) ? algebra.Concat(algebra.Set(CodePointSet.Of([('E', 'E'), ('e', 'e')])), Literal("-"), Exponents(-Math.Min(max,
                0), -min)) : algebra.None);
    }

    private RegexNode Exponent(int min, int max, bool anySign) =>
        anySign ? ExponentBetween(-max, max) : algebra.Concat(ExponentSign('+'), Exponents(min, max));

    private RegexNode ExponentSign(char sign) =>
        algebra.Concat(algebra.Set(CodePointSet.Of([('E', 'E'), ('e', 'e')])), algebra.Optional(Literal(sign.ToString())));

    /// <summary>The digits of exponents, with up to two zeros before them.</summary>
    private RegexNode Exponents(int min, int max) => min > max ? algebra.None : algebra.Concat(algebra.Loop(Literal("0"), 0, 2), WholeBetween(min, max));

    private RegexNode WholeBetween(int min, int max)
    {
        var parts = new List<RegexNode>();
        for (var length = Written(min).Length; length <= Written(max).Length; length++)
        {
            var least = Math.Max(min, length == 1 ? 0 : (int)Math.Pow(10, length - 1));
            var most = Math.Min(max, (int)Math.Pow(10, length) - 1);
            parts.Add(SameLength(Written(least), Written(most)));
        }

        return algebra.Or([.. parts]);
    }

    private RegexNode SameLength(string min, string max)
    {
        if (min.Length == 1 || min[0] == max[0])
        {
            return min.Length == 1 ? Digit(min[0], max[0]) : algebra.Concat(Literal(min[..1]), SameLength(min[1..], max[1..]));
        }

        var rest = min.Length - 1;
        return algebra.Or(
            algebra.Concat(Literal(min[..1]), SameLength(min[1..], new string('9', rest))),
            max[0] - min[0] > 1 ? algebra.Concat(Digit((char)(min[0] + 1), (char)(max[0] - 1)), Digits(rest, rest)) : algebra.None,
            algebra.Concat(Literal(max[..1]), SameLength(new string('0', rest), max[1..])));
    }

    private static string Written(int value) => value.ToString(CultureInfo.InvariantCulture);
}
