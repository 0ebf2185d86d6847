namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>Values as Python's str() and repr() write them.</summary>
internal static class Printing
{
    public static Text Str(object value) => value as Text ?? (value is Undefined ? Text.Empty : Repr(value));

    public static Text Repr(object value)
    {
        var text = new Text.Builder();
        Append(value, text);
        return text.ToText();
    }

    private static void Append(object value, Text.Builder text)
    {
        Budget.GoDeeper();
        switch (value)
        {
            case None:
                text.Append("None", isWritten: true);
                break;
            case bool flag:
                text.Append(flag ? "True" : "False", isWritten: true);
                break;
            case Number number:
                text.Append(number.Digits, number.IsWritten);
                break;
            case Text one:
                AppendQuoted(one, text);
                break;
            case ListValue list:
                AppendAll(list.IsTuple ? "(" : "[", list.Items, Append, text);
                text.Append(list.IsTuple ? list.Items.Count == 1 ? ",)" : ")" : "]", isWritten: true);
                break;
            case DictValue dict:
                AppendAll("{", dict.Items, AppendItem, text);
                text.Append("}", isWritten: true);
                break;
            case Undefined:
                text.Append("Undefined", isWritten: true);
                break;
            default:
                throw new TemplateFailure($"{Kinds.Name(value)} has no text");
        }
    }

    private static void AppendAll<T>(string open, IReadOnlyList<T> items, Action<T, Text.Builder> append, Text.Builder text)
    {
        text.Append(open, isWritten: true);
        for (var i = 0; i < items.Count; i++)
        {
            text.Append(i == 0 ? "" : ", ", isWritten: true);
            append(items[i], text);
        }
    }

    private static void AppendItem(KeyValuePair<object, object> item, Text.Builder text)
    {
        Append(item.Key, text);
        text.Append(": ", isWritten: true);
        Append(item.Value, text);
    }

    private static void AppendQuoted(Text one, Text.Builder text)
    {
        var quote = one.Value.Contains('\'') && !one.Value.Contains('"') ? "\"" : "'";
        text.Append(quote, isWritten: true);
        text.Append(one.Map(value => Escapes.Python(value, quote[0])));
        text.Append(quote, isWritten: true);
    }
}
