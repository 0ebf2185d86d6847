using FlexGen.Tokenizers.Chat.Syntax;
using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>The filters, tests, methods and functions that a template has: all that it can reach.</summary>
internal sealed class Library(Budget budget, TimeProvider time) : ILibrary
{
    private static readonly Dictionary<string, Func<ILibrary, object, CallArguments, object>> filters =
        new([.. TextFilters.All, .. SequenceFilters.All, .. SelectionFilters.All, .. NumberFilters.All], StringComparer.Ordinal);

    private static readonly Dictionary<string, Func<object, CallArguments, bool>> tests = new(ValueTests.All, StringComparer.Ordinal);
    private static readonly Dictionary<string, Func<Text, CallArguments, object>> textMethods = new(TextMethods.All, StringComparer.Ordinal);

    /// <summary>What a template is held against when it is read.</summary>
    public static KnownNames Known { get; } = new(
        [.. filters.Keys], [.. tests.Keys], [.. textMethods.Keys, .. CollectionMethods.Names, "cycle", "changed"],
        ["lipsum", "cycler", "joiner", "varargs", "kwargs", "self", "super", "gettext", "ngettext", "_"]);

    public TimeProvider Time => time;

    /// <inheritdoc/>
    public object Filter(string name, object value, CallArguments arguments)
    {
        var filter = filters.GetValueOrDefault(name)
            ?? throw new TemplateFailure($"found the filter {name}; supported are {string.Join(", ", filters.Keys.Order(StringComparer.Ordinal))}");
        return Paid(filter(this, value is Text text ? text.Paid() : value, arguments));
    }

    /// <inheritdoc/>
    public bool Test(string name, object value, CallArguments arguments)
    {
        var test = tests.GetValueOrDefault(name)
            ?? throw new TemplateFailure($"found the test {name}; supported are {string.Join(", ", tests.Keys.Order(StringComparer.Ordinal))}");
        return test(value, arguments);
    }

    /// <inheritdoc/>
    public Function? FindMethod(object of, string name)
    {
        if (of is Text text)
        {
            return textMethods.TryGetValue(name, out var method) ? new Function(name, arguments => Paid(method(text.Paid(), arguments))) : null;
        }

        return CollectionMethods.Find(of, name);
    }

    public Function? FindGlobal(string name) => Globals.Find(name, this);

    /// <inheritdoc/>
    public object Paid(object made)
    {
        budget.Make(made is Text text ? text.Units : made is ListValue list ? list.Items.Count : 0);
        return made;
    }
}
