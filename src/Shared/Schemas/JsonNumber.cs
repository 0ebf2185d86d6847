using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace FlexGen.Schemas;

/// <summary>
/// A JSON number exactly as written, of any size: digits without zeros at either end times ten to a power. 1, 1.0 and 1e0 are equal.
/// </summary>
internal sealed record JsonNumber : IComparable<JsonNumber>
{
    private readonly bool isNegative;

    private JsonNumber(bool isNegative, string digits, BigInteger exponent)
    {
        this.isNegative = isNegative && digits.Length > 0;
        Digits = digits;
        Exponent = digits.Length > 0 ? exponent : 0;
    }

    /// <summary>Without zeros at either end; empty for 0.</summary>
    public string Digits { get; }

    /// <summary>The power of ten that the digits are multiplied by.</summary>
    public BigInteger Exponent { get; }

    public bool IsInteger => Exponent.Sign >= 0;

    public int Sign => Digits.Length == 0 ? 0 : isNegative ? -1 : 1;

    public static JsonNumber Of(JsonElement number) => Parse(JsonMarshal.GetRawUtf8Value(number));

    /// <summary>Whether a number is whole; most are seen to be without being read.</summary>
    public static bool IsWhole(JsonElement number) =>
        JsonMarshal.GetRawUtf8Value(number).IndexOfAny(".eE"u8) < 0 || Of(number).IsInteger;

    /// <param name="text">A number as JSON writes it.</param>
    public static JsonNumber Parse(ReadOnlySpan<byte> text)
    {
        var isNegative = text[0] == '-';
        var e = text.IndexOfAny("eE"u8);
        var mantissa = (e < 0 ? text : text[..e])[(isNegative ? 1 : 0)..];
        var point = mantissa.IndexOf((byte)'.');
        var written = point < 0 ? mantissa : [.. mantissa[..point], .. mantissa[(point + 1)..]];
        var kept = written.Trim((byte)'0');
        var zerosAtEnd = written.Length - written.TrimEnd((byte)'0').Length;
        BigInteger exponent = zerosAtEnd - (point < 0 ? 0 : mantissa.Length - point - 1);
        if (e >= 0)
        {
            exponent += Power(text[(e + 1)..]);
        }

        return new JsonNumber(isNegative, Encoding.ASCII.GetString(kept), exponent);
    }

    public int CompareTo(JsonNumber? other)
    {
        if (Sign != other!.Sign || Sign == 0)
        {
            return Sign.CompareTo(other.Sign);
        }

        var sizes = (Exponent + Digits.Length).CompareTo(other.Exponent + other.Digits.Length);
        return Sign * Math.Sign(sizes != 0 ? sizes : string.CompareOrdinal(Digits, other.Digits));
    }

    /// <param name="divisor">Not zero.</param>
    public bool IsMultipleOf(JsonNumber divisor)
    {
        if (Sign == 0)
        {
            return true;
        }
        // Neither has zeros at its end, so a quotient with a negative power of ten is not whole.
        var power = Exponent - divisor.Exponent;
        if (power.Sign < 0)
        {
            return false;
        }

        var whole = BigInteger.Parse(divisor.Digits, CultureInfo.InvariantCulture);
        return (Remainder(whole) * BigInteger.ModPow(10, power, whole) % whole).IsZero;
    }

    public override string ToString()
    {
        var text = $"{(Sign < 0 ? "-" : "")}{(Sign == 0 ? "0" : Digits)}{(Exponent.IsZero ? "" : $"e{Exponent}")}";
        var isShort = Digits.Length <= 20 && BigInteger.Abs(Exponent) <= 20 && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
        return isShort ? decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture) : text;
    }

    // Digit by digit where the divisor is small, as it nearly always is: linear in the digits, of which an output may have many.
    private BigInteger Remainder(BigInteger divisor)
    {
        if (divisor > long.MaxValue / 16)
        {
            return BigInteger.Parse(Digits, CultureInfo.InvariantCulture) % divisor;
        }

        var small = (long)divisor;
        long remainder = 0;
        foreach (var digit in Digits)
        {
            remainder = (remainder * 10 + digit - '0') % small;
        }

        return remainder;
    }

    private static BigInteger Power(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out int small, out var read) && read == text.Length
            ? small
            : BigInteger.Parse(Encoding.ASCII.GetString(text), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
