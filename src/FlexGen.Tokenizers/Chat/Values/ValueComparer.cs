namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>Equality and order as Python has them: 1 == 1.0 == True, lists by their elements.</summary>
internal sealed class ValueComparer : IEqualityComparer<object>, IComparer<object>
{
    public static readonly ValueComparer Instance = new();

    public new bool Equals(object? x, object? y)
    {
        Budget.GoDeeper();
        return (x, y) switch
        {
            (ListValue left, ListValue right) => left.IsTuple == right.IsTuple && left.Items.SequenceEqual(right.Items, this),
            (DictValue left, DictValue right) => left.Items.Count == right.Items.Count
                && left.Items.All(item => right.Find(item.Key) is { } value && Equals(item.Value, value)),
            _ => KeyComparer.Instance.Equals(x, y),
        };
    }

    public int GetHashCode(object value)
    {
        Budget.GoDeeper();
        return value switch
        {
            ListValue list => list.Items.Aggregate(list.Items.Count, (hash, item) => HashCode.Combine(hash, GetHashCode(item))),
            DictValue dict => dict.Items.Count,
            _ => KeyComparer.Instance.GetHashCode(value),
        };
    }

    /// <summary>Elements in the order of their keys; equal ones stay as they were.</summary>
    /// <exception cref="TemplateFailure">Two of them have no order.</exception>
    public static List<T> Sorted<T>(IEnumerable<T> elements, Func<T, object> key, bool reverse = false)
    {
        try
        {
            return [.. reverse ? elements.OrderByDescending(key, Instance) : elements.OrderBy(key, Instance)];
        }
        catch (InvalidOperationException failure) when (failure.InnerException is TemplateFailure inner)
        {
            throw inner;
        }
    }

    /// <exception cref="TemplateFailure">The two have no order.</exception>
    public int Compare(object? x, object? y)
    {
        Budget.GoDeeper();
        return (x, y) switch
        {
            (Text left, Text right) => CompareText(left.Value, right.Value),
            (ListValue left, ListValue right) when left.IsTuple == right.IsTuple => CompareItems(left.Items, right.Items),
            (Undefined undefined, _) => throw undefined.Failure(),
            (_, Undefined undefined) => throw undefined.Failure(),
            (not null, not null) when Number.From(x) is { } left && Number.From(y) is { } right => Number.Order(left, right),
            _ => throw new TemplateFailure($"{Kinds.Name(x!)} and {Kinds.Name(y!)} have no order"),
        };
    }

    // By code points, not by UTF-16 units.
    private static int CompareText(string left, string right)
    {
        var at = left.AsSpan().CommonPrefixLength(right);
        if (at == left.Length || at == right.Length)
        {
            return left.Length - right.Length;
        }

        return char.IsSurrogate(left[at]) == char.IsSurrogate(right[at]) ? left[at] - right[at] : char.IsSurrogate(left[at]) ? 1 : -1;
    }

    private int CompareItems(IReadOnlyList<object> left, IReadOnlyList<object> right)
    {
        for (var i = 0; i < Math.Min(left.Count, right.Count); i++)
        {
            if (!Equals(left[i], right[i]))
            {
                return Compare(left[i], right[i]);
            }
        }

        return left.Count - right.Count;
    }
}
