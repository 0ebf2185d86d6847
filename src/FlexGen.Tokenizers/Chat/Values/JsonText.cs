namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>Values as Python's json.dumps writes them.</summary>
/// <param name="ascii">Whether other characters are written as escapes.</param>
/// <param name="indent">What a level is indented by; null: all on one line.</param>
/// <param name="itemSeparator">Between elements.</param>
/// <param name="keySeparator">Between a key and its value.</param>
/// <param name="sorts">Whether keys are sorted.</param>
internal sealed class JsonText(bool ascii, string? indent, Text itemSeparator, Text keySeparator, bool sorts)
{
    private readonly Text.Builder text = new();

    public Text Write(object value)
    {
        Append(value, 1);
        return text.ToText();
    }

    private void Append(object value, int depth)
    {
        Budget.GoDeeper();
        switch (value)
        {
            case None:
                Syntax("null");
                break;
            case bool flag:
                Syntax(flag ? "true" : "false");
                break;
            case Number number:
                text.Append(Digits(number), number.IsWritten);
                break;
            case Text one:
                AppendQuoted(one);
                break;
            case ListValue list:
                AppendAll("[", "]", list.Items, depth, item => Append(item, depth + 1));
                break;
            case DictValue dict:
                AppendAll("{", "}", sorts ? ValueComparer.Sorted(dict.Items, item => item.Key) : dict.Items, depth, item =>
                {
                    AppendQuoted(Key(item.Key));
                    text.Append(keySeparator);
                    Append(item.Value, depth + 1);
                });
                break;
            default:
                throw new TemplateFailure($"{Kinds.Name(value)} cannot be written as JSON");
        }
    }

    private static string Digits(Number number) => number.Digits switch
    {
        "nan" => "NaN",
        "inf" => "Infinity",
        "-inf" => "-Infinity",
        var digits => digits,
    };

    private static Text Key(object key) => key switch
    {
        Text text => text,
        None => Text.OfTemplate("null"),
        bool flag => Text.OfTemplate(flag ? "true" : "false"),
        Number number => Text.Of(Digits(number), number.IsWritten),
        _ => throw new TemplateFailure($"{Kinds.Name(key)} cannot be a key in JSON"),
    };

    private void AppendAll<T>(string open, string close, IReadOnlyList<T> items, int depth, Action<T> append)
    {
        Syntax(open);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
            {
                text.Append(itemSeparator);
            }

            NewLine(depth);
            append(items[i]);
        }

        if (items.Count > 0)
        {
            NewLine(depth - 1);
        }

        Syntax(close);
    }

    private void NewLine(int depth)
    {
        if (indent is not null)
        {
            Syntax("\n" + string.Concat(Enumerable.Repeat(indent, depth)));
        }
    }

    private void AppendQuoted(Text one)
    {
        Syntax("\"");
        text.Append(one.Map(value => Escapes.Json(value, ascii)));
        Syntax("\"");
    }

    private void Syntax(string written) => text.Append(written, isWritten: true);
}
