using System.Numerics;
using System.Text.Json;
using FlexGen.Schemas;

namespace FlexGen.Constraints.Numbers;

/// <summary>A number as it is written, exactly: digits times ten to a power, without zeros at either end of the digits.</summary>
/// <param name="IsNegative">It is below 0.</param>
/// <param name="Digits">Empty for 0.</param>
/// <param name="Point">How many of the digits stand before the point; more than there are, zeros between; negative, zeros after the point.</param>
internal sealed record DecimalNumber(bool IsNegative, string Digits, int Point)
{
    /// <summary>Exponents beyond this are of no number that is meant.</summary>
    private const int MostExponent = 1000;

    public static DecimalNumber Zero { get; } = new(false, "", 0);

    /// <summary>Digits before the point, "0" where there are none.</summary>
    public string Whole => Point <= 0 ? "0" : Digits.Length >= Point ? Digits[..Point] : Digits.PadRight(Point, '0');

    /// <summary>Digits after the point, without zeros at their end.</summary>
    public string Fraction => Point >= Digits.Length ? "" : Point >= 0 ? Digits[Point..] : Digits.PadLeft(Digits.Length - Point, '0');

    public bool IsWhole => Fraction.Length == 0;

    public bool IsZero => Digits.Length == 0;

    /// <summary>As it is written plainly.</summary>
    public string Plain => $"{(IsNegative ? "-" : "")}{Whole}{(IsWhole ? "" : ".")}{Fraction}";

    public DecimalNumber Negated => this with { IsNegative = !IsNegative && !IsZero };

    /// <inheritdoc cref="Of(JsonNumber)"/>
    public static DecimalNumber? Of(JsonElement number) => Of(JsonNumber.Of(number));

    /// <summary>Null where its exponent is beyond all measure.</summary>
    public static DecimalNumber? Of(JsonNumber number) => number.Sign == 0 ? Zero
        : BigInteger.Abs(number.Exponent) > MostExponent ? null
        : new DecimalNumber(number.Sign < 0, number.Digits, number.Digits.Length + (int)number.Exponent);

    public int CompareTo(DecimalNumber other)
    {
        if (IsNegative != other.IsNegative || IsZero || other.IsZero)
        {
            return Sign.CompareTo(other.Sign);
        }

        var size = Point != other.Point ? Point.CompareTo(other.Point) : string.CompareOrdinal(Digits, other.Digits);
        return IsNegative ? -size : size;
    }

    private int Sign => IsZero ? 0 : IsNegative ? -1 : 1;
}
