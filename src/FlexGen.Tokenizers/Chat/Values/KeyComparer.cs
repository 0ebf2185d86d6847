using System.Runtime.CompilerServices;

namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>Equality of what may be a dict's key, as Python has it: 1 == 1.0 == True.</summary>
internal sealed class KeyComparer : IEqualityComparer<object>
{
    public static readonly KeyComparer Instance = new();

    public new bool Equals(object? x, object? y)
    {
        Budget.GoDeeper();
        return (x, y) switch
        {
            (Text left, Text right) => left.Units == right.Units && left.Paid().Value == right.Value,
            (ListValue left, ListValue right) => left.IsTuple == right.IsTuple && left.Items.SequenceEqual(right.Items, this),
            (Undefined, Undefined) => true,
            (not null, not null) when Number.From(x) is { } left && Number.From(y) is { } right => Number.Order(left, right) == 0,
            _ => ReferenceEquals(x, y),
        };
    }

    public int GetHashCode(object value)
    {
        Budget.GoDeeper();
        return value switch
        {
            Text text => text.Paid().GetHashCode(),
            ListValue list => list.Items.Aggregate(list.Items.Count, (hash, item) => HashCode.Combine(hash, GetHashCode(item))),
            Undefined => 0,
            _ when Number.From(value) is { } number => number.AsReal.GetHashCode(),
            _ => RuntimeHelpers.GetHashCode(value),
        };
    }
}
