namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>Python's value[start:stop:step].</summary>
internal static class Slicing
{
    public static object Slice(object value, object start, object stop, object step)
    {
        if (value is not (Text or ListValue))
        {
            throw value is Undefined undefined ? undefined.Failure() : new TemplateFailure($"{Kinds.Name(value)} cannot be sliced");
        }

        var length = Kinds.Length(value);
        var by = step is None ? 1 : Kinds.Index(step, "a slice's step");
        if (by == 0)
        {
            throw new TemplateFailure("a slice's step must not be 0");
        }

        var (low, high) = by > 0 ? (0, length) : (-1, length - 1);
        var from = Bound(start, by > 0 ? low : high);
        var to = Bound(stop, by > 0 ? high : low);
        return value is Text text ? OfText(text, from, to, by) : OfList((ListValue)value, from, to, by);

        int Bound(object bound, int otherwise)
        {
            if (bound is None)
            {
                return otherwise;
            }

            var index = Kinds.Index(bound, "a slice's bound");
            return Math.Clamp(index < 0 ? index + length : index, low, high);
        }
    }

    private static Text OfText(Text text, int from, int to, int by)
    {
        if (by == 1)
        {
            return from < to ? text.Characters(from, to) : Text.Empty;
        }

        var sliced = new Text.Builder();
        foreach (var i in Indices(from, to, by))
        {
            sliced.Append(text.Characters(i, i + 1));
        }

        return sliced.ToText();
    }

    private static ListValue OfList(ListValue list, int from, int to, int by) => new([.. Indices(from, to, by).Select(i => list.Items[i])], list.IsTuple);

    private static IEnumerable<int> Indices(int from, int to, int by)
    {
        for (long i = from; by > 0 ? i < to : i > to; i += by)
        {
            yield return (int)i;
        }
    }
}
