using System.Globalization;
using System.Numerics;

namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>An int of any size or a float.</summary>
/// <param name="Whole">The int; 0 of a float.</param>
/// <param name="Real">The float; null of an int.</param>
/// <param name="IsWritten">Whether its digits count as the template's; data's do not.</param>
internal sealed record Number(BigInteger Whole, double? Real, bool IsWritten)
{
    public static Number Of(BigInteger whole, bool isWritten = true) => new(whole, null, isWritten);

    public static Number OfReal(double real, bool isWritten = true) => new(0, real, isWritten);

    /// <summary>A value as the number that it is to Python, where True is 1; null for what is none.</summary>
    public static Number? From(object value) => value switch
    {
        Number number => number,
        bool flag => Of(flag ? 1 : 0),
        _ => null,
    };

    public double AsReal => Real ?? (double)Whole;

    public bool IsZero => Real is { } real ? real == 0 : Whole.IsZero;

    public string Digits => Real is { } real ? FloatText.Of(real) : Whole.ToString(CultureInfo.InvariantCulture);

    public static int Order(Number left, Number right) => (left.Real, right.Real) switch
    {
        (null, null) => left.Whole.CompareTo(right.Whole),
        // Nothing is equal to what is no number.
        _ when double.IsNaN(left.AsReal) || double.IsNaN(right.AsReal) => 1,
        _ => left.AsReal.CompareTo(right.AsReal),
    };
}
