using System.Numerics;

namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>Python's two ways to fill values into a text: "%s" % value, and "{}".format(value). Widths and precisions are
/// refused.</summary>
internal static class Formatting
{
    private const string Supported = "%s, %r, %d, %i and %%";

    public static Text Percent(Text format, object values)
    {
        var rest = new Queue<object>(values is ListValue { IsTuple: true } tuple ? tuple.Items : [values]);
        var text = new Text.Builder();
        var from = 0;
        for (var at = format.Value.IndexOf('%', StringComparison.Ordinal); at >= 0; at = format.Value.IndexOf('%', from))
        {
            text.Append(format, from, at);
            var kind = at + 1 < format.Units ? format.Value[at + 1] : ' ';
            if (kind == '%')
            {
                text.Append(format, at, at + 1);
            }
            else
            {
                text.Append(One(kind, rest));
            }

            from = at + 2;
        }

        text.Append(format, from, format.Units);
        return rest.Count == 0 || values is DictValue ? text.ToText() : throw new TemplateFailure("not all values of % have a place in the text");
    }

    /// <summary>Fills {}, {0} and {name}.</summary>
    public static Text Braces(Text format, IReadOnlyList<object> values, IReadOnlyDictionary<string, object> named)
    {
        var text = new Text.Builder();
        var next = 0;
        for (var at = 0; at < format.Units; at++)
        {
            var unit = format.Value[at];
            if (unit is not ('{' or '}'))
            {
                text.Append(format, at, at + 1);
            }
            else if (at + 1 < format.Units && format.Value[at + 1] == unit)
            {
                text.Append(format, at, at + 1);
                at++;
            }
            else
            {
                var end = unit == '{' ? format.Value.IndexOf('}', at) : -1;
                var field = end < 0 ? throw new TemplateFailure("a brace of format() stands by itself") : format.Value[(at + 1)..end];
                var value = field.Length == 0 ? At(values, next++)
                    : int.TryParse(field, out var index) ? At(values, index)
                    : named.GetValueOrDefault(field);
                text.Append(Printing.Str(value ?? throw new TemplateFailure(
                    $"found {{{field}}} in format(), which has no such value; expected {{}}, {{0}} or {{name}}")));
                at = end;
            }
        }

        return text.ToText();
    }

    private static object? At(IReadOnlyList<object> values, int index) => index < values.Count ? values[index] : null;

    private static Text One(char kind, Queue<object> rest)
    {
        if (kind is not ('s' or 'r' or 'd' or 'i'))
        {
            throw new TemplateFailure($"found %{kind} in a text before %; supported are {Supported}");
        }

        var value = rest.TryDequeue(out var next) ? next : throw new TemplateFailure("a text before % has more places than there are values");
        return kind switch
        {
            's' => Printing.Str(value),
            'r' => Printing.Repr(value),
            _ when Number.From(value) is { } number && double.IsFinite(number.AsReal) =>
                Text.Of(Number.Of(number.Real is { } real ? new BigInteger(real) : number.Whole).Digits, number.IsWritten),
            _ => throw new TemplateFailure($"%{kind} takes a number; found {Kinds.Name(value)}"),
        };
    }
}
