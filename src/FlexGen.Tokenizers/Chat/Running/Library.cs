using FlexGen.Tokenizers.Chat.Syntax;
using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>The filters, tests, methods and functions that a template has: all that it can reach.</summary>
internal sealed class Library(Budget budget, TimeProvider time)
{
    private static readonly Dictionary<string, Func<Library, object, CallArguments, object>> filters =
        new([.. TextFilters.All, .. SequenceFilters.All, .. SelectionFilters.All, .. NumberFilters.All], StringComparer.Ordinal);

    private static readonly Dictionary<string, Func<object, CallArguments, bool>> tests = new(ValueTests.All, StringComparer.Ordinal);
    private static readonly Dictionary<string, Func<Text, CallArguments, object>> textMethods = new(TextMethods.All, StringComparer.Ordinal);

    /// <summary>What a template is held against when it is read.</summary>
    public static KnownNames Known { get; } = new(
        [.. filters.Keys], [.. tests.Keys], [.. textMethods.Keys, .. CollectionMethods.Names, "cycle", "changed"],
        ["lipsum", "cycler", "joiner", "varargs", "kwargs", "self", "super", "gettext", "ngettext", "_"]);

    public TimeProvider Time => time;

    /// <exception cref="TemplateFailure">There is no such filter, or it does not take the value.</exception>
    public object Filter(string name, object value, CallArguments arguments)
    {
        var filter = filters.GetValueOrDefault(name)
            ?? throw new TemplateFailure($"found the filter {name}; supported are {string.Join(", ", filters.Keys.Order(StringComparer.Ordinal))}");
        return Paid(filter(this, value is Text text ? Budget.Read(text) : value, arguments));
    }

    /// <exception cref="TemplateFailure">There is no such test, or it does not take the value.</exception>
    public static bool Test(string name, object value, CallArguments arguments)
    {
        var test = tests.GetValueOrDefault(name)
            ?? throw new TemplateFailure($"found the test {name}; supported are {string.Join(", ", tests.Keys.Order(StringComparer.Ordinal))}");
        return test(value, arguments);
    }

    /// <summary>A method of a value; null: it has none of that name.</summary>
    public Function? FindMethod(object of, string name)
    {
        if (of is Text text)
        {
            return textMethods.TryGetValue(name, out var method) ? new Function(name, arguments => Paid(method(Budget.Read(text), arguments))) : null;
        }

        return CollectionMethods.Find(of, name);
    }

    public Function? FindGlobal(string name) => Globals.Find(name, this);

    /// <summary>What was made, paid for.</summary>
    /// <exception cref="TemplateFailure">It is too long, or there were too many steps.</exception>
    public object Paid(object made)
    {
        budget.Make(made is Text text ? text.Units : made is ListValue list ? list.Items.Count : 0);
        return made;
    }
}
