using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>Filters that apply a filter or a test to each element.</summary>
internal static class SelectionFilters
{
    public static Dictionary<string, Func<ILibrary, object, CallArguments, object>> All { get; } = new(StringComparer.Ordinal)
    {
        ["map"] = (library, value, arguments) => new Iteration(Elements(value).Select(Mapping(library, arguments))),
        ["select"] = (library, value, arguments) => Select(library, value, arguments, byMember: false, wanted: true),
        ["reject"] = (library, value, arguments) => Select(library, value, arguments, byMember: false, wanted: false),
        ["selectattr"] = (library, value, arguments) => Select(library, value, arguments, byMember: true, wanted: true),
        ["rejectattr"] = (library, value, arguments) => Select(library, value, arguments, byMember: true, wanted: false),
    };

    // What is empty has none, whatever it is.
    private static IEnumerable<object> Elements(object value) => Kinds.IsTrue(value) ? Kinds.RequireElements(value) : [];

    private static Func<object, object> Mapping(ILibrary library, CallArguments arguments)
    {
        if (arguments.Positional.Count > 0)
        {
            var name = Name(arguments.Positional[0], "map", "filter");
            var rest = arguments.Skip(1);
            return element => library.Filter(name, element, rest);
        }

        var bound = arguments.Bind("map", 1, "attribute", "default");
        var path = new MemberPath(bound[0]!);
        return element => path.Find(library, element, bound[1] as None is null ? bound[1] : null);
    }

    private static Iteration Select(ILibrary library, object value, CallArguments arguments, bool byMember, bool wanted)
    {
        var skipped = byMember ? 1 : 0;
        if (arguments.Positional.Count < skipped)
        {
            throw new TemplateFailure("selectattr and rejectattr need a member's name");
        }

        var path = byMember ? new MemberPath(arguments.Positional[0]) : null;
        var name = arguments.Positional.Count > skipped ? Name(arguments.Positional[skipped], "select", "test") : null;
        var rest = arguments.Skip(skipped + 1);
        return new Iteration(Elements(value).Where(element =>
        {
            var tested = path?.Find(library, element) ?? element;
            return (name is null ? Kinds.IsTrue(tested) : library.Test(name, tested, rest)) == wanted;
        }));
    }

    private static string Name(object value, string filter, string what) =>
        (value as Text)?.Value ?? throw new TemplateFailure($"the filter {filter} takes a {what}'s name; found {Kinds.Name(value)}");
}
