using System.Numerics;

namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>What kinds of values there are, to Python and to people.</summary>
internal static class Kinds
{
    public static string Name(object value) => value switch
    {
        None => "None",
        bool => "a bool",
        Number { Real: null } => "an int",
        Number => "a float",
        Text => "a str",
        ListValue { IsTuple: true } => "a tuple",
        ListValue => "a list",
        DictValue => "a dict",
        Undefined => "something undefined",
        Iteration => "a generator",
        Namespace => "a namespace",
        _ => "a function",
    };

    public static bool IsTrue(object value) => value switch
    {
        None or Undefined => false,
        bool flag => flag,
        Number number => !number.IsZero,
        Text text => text.Units > 0,
        ListValue list => list.Items.Count > 0,
        DictValue dict => dict.Items.Count > 0,
        _ => true,
    };

    /// <summary>An argument that is a yes or a no; null: it is not given.</summary>
    /// <exception cref="TemplateFailure">It is not defined.</exception>
    public static bool Flag(object? value) => value is Undefined undefined ? throw undefined.Failure() : value is not null && IsTrue(value);

    /// <summary>An index or a count.</summary>
    /// <exception cref="TemplateFailure">It is none.</exception>
    public static int Index(object value, string what) => Number.From(value) switch
    {
        { Real: null } number => (int)BigInteger.Max(BigInteger.Min(number.Whole, int.MaxValue), -int.MaxValue),
        _ => throw new TemplateFailure($"{what} must be an int; found {Name(value)}"),
    };

    /// <summary>What a for loop goes through; null where the value is nothing to go through.</summary>
    public static IEnumerable<object>? Elements(object value) => value switch
    {
        Undefined => [],
        Text text => text.Each(),
        ListValue list => list.Items,
        DictValue dict => dict.Items.Select(item => item.Key),
        Iteration iteration => iteration,
        _ => null,
    };

    /// <exception cref="TemplateFailure">There is nothing to go through.</exception>
    public static IEnumerable<object> RequireElements(object value) =>
        Elements(value) ?? throw new TemplateFailure($"cannot go through {Name(value)}; expected a list, a dict or a str");

    /// <exception cref="TemplateFailure">The value has no length.</exception>
    public static int Length(object value) => value switch
    {
        Undefined => 0,
        Text text => text.Length,
        ListValue list => list.Items.Count,
        DictValue dict => dict.Items.Count,
        Iteration => throw new TemplateFailure("a generator has no length: add `| list` before it"),
        _ => throw new TemplateFailure($"{Name(value)} has no length"),
    };
}
