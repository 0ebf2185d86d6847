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
                algebra.Concat(Above(whole, isFirst: true), Fraction), algebra.Concat(Literal(whole), algebra.And(Fraction, FractionFrom(fraction, bound.IsExclusive))))
            : algebra.Or(
                algebra.Concat(Below(whole, isFirst: true), Fraction), algebra.Concat(Literal(whole), algebra.And(Fraction, FractionTo(fraction, bound.IsExclusive))));
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
            min <= Math.Min(max, 0) ? algebra.Concat(algebra.Set(CodePointSet.Of([('E', 'E'), ('e', 'e')])), Literal("-"), Exponents(-Math.Min(max, 0), -min)) : algebra.None);
    }

    private RegexNode Exponent(int min, int max, bool anySign) =>
        anySign ? ExponentBetween(-max, max) : algebra.Concat(ExponentSign('+'), Exponents(min, max));

    private RegexNode ExponentSign(char sign) =>
        algebra.Concat(algebra.Set(CodePointSet.Of([('E', 'E'), ('e', 'e')])), algebra.Optional(Literal(sign.ToString())));

    /// <summary>The digits of exponents, with zeros before them up to three.</summary>
    private RegexNode Exponents(int min, int max) => algebra.Literals(
        Enumerable.Range(min, max - min + 1).Select(value => value.ToString(CultureInfo.InvariantCulture))
            .SelectMany(text => Enumerable.Range(text.Length, 4 - text.Length).Select(length => text.PadLeft(length, '0'))));
}
