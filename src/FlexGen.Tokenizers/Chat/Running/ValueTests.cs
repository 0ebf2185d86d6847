using System.Numerics;
using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>What stands behind <c>is</c>.</summary>
internal static class ValueTests
{
    public static Dictionary<string, Func<object, CallArguments, bool>> All { get; } = new(StringComparer.Ordinal)
    {
        ["defined"] = Plain("defined", value => value is not Undefined),
        ["undefined"] = Plain("undefined", value => value is Undefined),
        ["none"] = Plain("none", value => value is None),
        ["string"] = Plain("string", value => value is Text),
        ["mapping"] = Plain("mapping", value => value is DictValue),
        ["iterable"] = Plain("iterable", value => Kinds.Elements(value) is not null || value is Loop),
        ["sequence"] = Plain("sequence", value => value is Text or ListValue or DictValue or Undefined),
        ["number"] = Plain("number", value => Number.From(value) is not null),
        ["integer"] = Plain("integer", value => value is Number { Real: null }),
        ["float"] = Plain("float", value => value is Number { Real: not null }),
        ["boolean"] = Plain("boolean", value => value is bool),
        ["true"] = Plain("true", value => value is true),
        ["false"] = Plain("false", value => value is false),
        ["callable"] = Plain("callable", value => value is Function or Loop),
        ["even"] = Plain("even", value => Rest(value, Number.Of(2)).IsZero),
        ["odd"] = Plain("odd", value => !Rest(value, Number.Of(2)).IsZero),
        ["divisibleby"] = (value, arguments) => Rest(value, arguments.Bind("divisibleby", 1, "num")[0]!).IsZero,
        ["lower"] = Plain("lower", value => IsCased(value, char.IsLower, char.IsUpper)),
        ["upper"] = Plain("upper", value => IsCased(value, char.IsUpper, char.IsLower)),
        ["sameas"] = (value, arguments) => IsSame(value, arguments.Bind("sameas", 1, "other")[0]!),
        ["in"] = (value, arguments) => Operators.Holds("in", value, arguments.Bind("in", 1, "seq")[0]!),
        ["eq"] = Compares("=="),
        ["equalto"] = Compares("=="),
        ["=="] = Compares("=="),
        ["ne"] = Compares("!="),
        ["!="] = Compares("!="),
        ["lt"] = Compares("<"),
        ["lessthan"] = Compares("<"),
        ["<"] = Compares("<"),
        ["le"] = Compares("<="),
        ["<="] = Compares("<="),
        ["gt"] = Compares(">"),
        ["greaterthan"] = Compares(">"),
        [">"] = Compares(">"),
        ["ge"] = Compares(">="),
        [">="] = Compares(">="),
    };

    /// <summary>A cased character is there, and all of them are of one case.</summary>
    public static bool IsCased(object value, Func<char, bool> wanted, Func<char, bool> other)
    {
        var text = Printing.Str(value).Value;
        return text.Any(wanted) && !text.Any(other);
    }

    private static Func<object, CallArguments, bool> Plain(string name, Func<object, bool> holds) => (value, arguments) =>
    {
        arguments.Bind(name);
        return holds(value);
    };

    private static Func<object, CallArguments, bool> Compares(string sign) =>
        (value, arguments) => Operators.Holds(sign, value, arguments.Bind(sign, 1, "other")[0]!);

    private static BigInteger Rest(object value, object divisor) => (Number.From(value), Number.From(divisor)) switch
    {
        ({ Real: null } number, { Real: null, IsZero: false } by) => number.Whole % by.Whole,
        _ when value is Undefined undefined => throw undefined.Failure(),
        _ => throw new TemplateFailure($"{Kinds.Name(value)} has no rest by {Printing.Str(divisor)}"),
    };

    private static bool IsSame(object value, object other) => (value, other) switch
    {
        (bool left, bool right) => left == right,
        (Number or Text, Number or Text) => ValueComparer.Instance.Equals(value, other) && value.GetType() == other.GetType(),
        _ => ReferenceEquals(value, other),
    };
}
