using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>Comparisons, and what is in what.</summary>
internal static class Operators
{
    public static bool Holds(string sign, object left, object right) => sign switch
    {
        "==" => ValueComparer.Instance.Equals(left, right),
        "!=" => !ValueComparer.Instance.Equals(left, right),
        "in" => IsIn(left, right),
        "not in" => !IsIn(left, right),
        _ when IsNoNumber(left) || IsNoNumber(right) => false,
        "<" => ValueComparer.Instance.Compare(left, right) < 0,
        "<=" => ValueComparer.Instance.Compare(left, right) <= 0,
        ">" => ValueComparer.Instance.Compare(left, right) > 0,
        _ => ValueComparer.Instance.Compare(left, right) >= 0,
    };

    private static bool IsIn(object value, object whole) => whole switch
    {
        Text text => value is Text part ? text.Paid().Value.Contains(part.Value, StringComparison.Ordinal)
            : throw new TemplateFailure($"{Kinds.Name(value)} cannot be in a str"),
        DictValue dict => dict.Find(value) is not null,
        _ => Kinds.RequireElements(whole).Contains(value, ValueComparer.Instance),
    };

    private static bool IsNoNumber(object value) => value is Number { Real: double.NaN };
}
