using System.Globalization;
using System.Numerics;
using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>Filters that make a number.</summary>
internal static class NumberFilters
{
    public static Dictionary<string, Func<ILibrary, object, CallArguments, object>> All { get; } = new(StringComparer.Ordinal)
    {
        ["int"] = (_, value, arguments) => ToInt(value, arguments.Bind("int", "default")),
        ["float"] = (_, value, arguments) => ToFloat(value) ?? arguments.Bind("float", "default")[0] ?? Number.OfReal(0),
        ["abs"] = (_, value, arguments) => Abs(value, arguments),
        ["round"] = (_, value, arguments) => Round(Require(value, "round"), arguments.Bind("round", "precision", "method")),
        ["sum"] = (library, value, arguments) => Sum(library, value, arguments.Bind("sum", "attribute", "start")),
    };

    private static Number Require(object value, string filter) => value is Undefined undefined ? throw undefined.Failure()
        : Number.From(value) ?? throw new TemplateFailure($"the filter {filter} takes a number; found {Kinds.Name(value)}");

    private static Number Abs(object value, CallArguments arguments)
    {
        arguments.Bind("abs");
        var number = Require(value, "abs");
        return number.Real is { } real ? Number.OfReal(Math.Abs(real), number.IsWritten) : Number.Of(BigInteger.Abs(number.Whole), number.IsWritten);
    }

    private static object ToInt(object value, object?[] arguments)
    {
        var isWritten = value is not Text { Written: [] } && (Number.From(value)?.IsWritten ?? true);
        if (value is Text text && BigInteger.TryParse(Plain(text), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return Number.Of(whole, isWritten);
        }

        return ToFloat(value) switch
        {
            { Real: null } number => number,
            { Real: { } real } when double.IsFinite(real) => Number.Of(new BigInteger(real), isWritten),
            _ => arguments[0] ?? Number.Of(0),
        };
    }

    private static Number? ToFloat(object value)
    {
        if (value is not Text text)
        {
            return value is Undefined undefined ? throw undefined.Failure()
                : Number.From(value) is { } number ? number with { Real = number.AsReal } : null;
        }

        const NumberStyles floats = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(Plain(text), floats, CultureInfo.InvariantCulture, out var real) ? Number.OfReal(real, text.Written.Count > 0) : null;
    }

    private static string Plain(Text text) => Trimming.Trim(text, null, left: true, right: true).Value.Replace("_", "", StringComparison.Ordinal);

    private static Number Round(Number number, object?[] arguments)
    {
        var digits = Kinds.Index(arguments[0] ?? Number.Of(0), "precision");
        if (digits is < 0 or > 15)
        {
            throw new TemplateFailure($"the precision of round is {digits}; expected 0 to 15");
        }

        var method = arguments[1] is null ? "common" : Printing.Str(arguments[1]!).Value;
        if (number.Real is null && method == "common")
        {
            return number;
        }

        var scale = Math.Pow(10, digits);
        return Number.OfReal(method switch
        {
            "common" => Math.Round(number.AsReal, digits, MidpointRounding.ToEven),
            "ceil" => Math.Ceiling(number.AsReal * scale) / scale,
            "floor" => Math.Floor(number.AsReal * scale) / scale,
            _ => throw new TemplateFailure($"the method of round is {method}; expected common, ceil or floor"),
        }, number.IsWritten);
    }

    private static object Sum(ILibrary library, object value, object?[] arguments)
    {
        var path = arguments[0] is null or None ? null : new MemberPath(arguments[0]!);
        var arithmetic = new Arithmetic(Budget.OfThread ?? new Budget());
        return Kinds.RequireElements(value).Aggregate(arguments[1] ?? Number.Of(0), (sum, element) =>
            arithmetic.Apply("+", sum, path?.Find(library, element) ?? element));
    }
}
