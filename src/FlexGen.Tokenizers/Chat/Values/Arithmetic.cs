using System.Numerics;

namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>Python's operators.</summary>
internal sealed class Arithmetic(Budget budget)
{
    // Of ints: a template counts, and needs no more.
    private const int MostBits = 4096;

    /// <exception cref="TemplateFailure">The operator does not take these two.</exception>
    public object Apply(string sign, object left, object right) => (sign, left, right) switch
    {
        (_, Undefined undefined, _) => throw undefined.Failure(),
        (_, _, Undefined undefined) when sign != "%" || left is not Text => throw undefined.Failure(),
        ("+", Text a, Text b) => Concat([a, b]),
        ("+", ListValue a, ListValue b) when a.IsTuple == b.IsTuple => Joined(a, b),
        ("*", Text or ListValue, _) when Number.From(right) is { Real: null } => Repeated(left, Kinds.Index(right, "a count")),
        ("*", _, Text or ListValue) when Number.From(left) is { Real: null } => Repeated(right, Kinds.Index(left, "a count")),
        ("%", Text format, _) => Formatting.Percent(format, right),
        _ when Number.From(left) is { } a && Number.From(right) is { } b => Apply(sign, a, b),
        _ => throw new TemplateFailure($"the operator {sign} does not take {Kinds.Name(left)} and {Kinds.Name(right)}"),
    };

    public Text Concat(IReadOnlyList<Text> parts)
    {
        budget.Make(parts.Sum(part => (long)part.Units));
        var text = new Text.Builder();
        foreach (var part in parts)
        {
            text.Append(part);
        }

        return text.ToText();
    }

    public static object Negated(object value, bool negates) => value switch
    {
        Undefined undefined => throw undefined.Failure(),
        _ when Number.From(value) is { } number => !negates ? number
            : number.Real is { } real ? Number.OfReal(-real, number.IsWritten) : Number.Of(-number.Whole, number.IsWritten),
        _ => throw new TemplateFailure($"a sign does not stand before {Kinds.Name(value)}"),
    };

    private ListValue Joined(ListValue left, ListValue right)
    {
        budget.Make(left.Items.Count + (long)right.Items.Count);
        return new ListValue([.. left.Items, .. right.Items], left.IsTuple);
    }

    private object Repeated(object value, int times)
    {
        var length = value is Text whole ? whole.Units : Kinds.Length(value);
        times = length == 0 ? 0 : Math.Max(times, 0);
        budget.Make(times * (long)length);
        return value is Text text
            ? Concat([.. Enumerable.Repeat(text, times)])
            : new ListValue([.. Enumerable.Repeat(((ListValue)value).Items, times).SelectMany(items => items)], ((ListValue)value).IsTuple);
    }

    private static Number Apply(string sign, Number left, Number right)
    {
        var isWritten = left.IsWritten && right.IsWritten;
        if (sign is "/" or "//" or "%" && right.IsZero)
        {
            throw new TemplateFailure("division by zero");
        }

        if (left.Real is null && right.Real is null && sign != "/" && !(sign == "**" && right.Whole.Sign < 0))
        {
            return Number.Of(Whole(sign, left.Whole, right.Whole), isWritten);
        }

        var (a, b) = (left.AsReal, right.AsReal);
        return Number.OfReal(sign switch
        {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            "//" => Math.Floor(a / b),
            "%" => a - (b * Math.Floor(a / b)),
            _ => Math.Pow(a, b),
        }, isWritten);
    }

    private static BigInteger Whole(string sign, BigInteger a, BigInteger b)
    {
        if (sign == "**" && (b > MostBits || a.GetBitLength() * (long)b > MostBits))
        {
            throw new TemplateFailure($"an int of more than {MostBits} bits");
        }

        var floor = sign is "//" or "%" ? BigInteger.DivRem(a, b, out var rest) - (rest.Sign * b.Sign < 0 ? 1 : 0) : 0;
        var result = sign switch
        {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "//" => floor,
            "%" => a - (floor * b),
            _ => BigInteger.Pow(a, (int)b),
        };
        return result.GetBitLength() <= MostBits ? result : throw new TemplateFailure($"an int of more than {MostBits} bits");
    }
}
