using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>What stands behind a dot and between brackets. A dot looks for a method first and for a key then, brackets the
/// other way about.</summary>
internal static class Members
{
    public static object Attribute(object of, string name, ILibrary library) =>
        Own(of, name, library) ?? ByKey(of, Text.OfTemplate(name)) ?? Missing(of, $"'{name}'");

    public static object Item(object of, object index, ILibrary library) =>
        ByKey(of, index) ?? (index is Text name ? Own(of, name.Value, library) : null) ?? Missing(of, Printing.Repr(index).Value);

    /// <summary>A method, a namespace's member, or one of a loop; null: none of that name.</summary>
    public static object? Own(object of, string name, ILibrary library)
    {
        if (name.StartsWith("__", StringComparison.Ordinal))
        {
            throw new TemplateFailure($"found '{name}', which reaches into Python; a template has no more than its values");
        }

        return of switch
        {
            Undefined undefined => throw undefined.Failure(),
            Namespace space => space.Members.GetValueOrDefault(name),
            Loop loop => loop.Find(name),
            _ => library.FindMethod(of, name),
        };
    }

    private static object? ByKey(object of, object index) => (of, index) switch
    {
        (Undefined undefined, _) => throw undefined.Failure(),
        (DictValue dict, not (ListValue { IsTuple: false } or DictValue)) => dict.Find(index),
        (Text or ListValue, _) when Number.From(index) is { Real: null } => At(of, Kinds.Index(index, "an index")),
        _ => null,
    };

    private static object? At(object of, int index)
    {
        var length = Kinds.Length(of);
        var at = index < 0 ? index + length : index;
        return at < 0 || at >= length ? null : of is Text text ? text.Characters(at, at + 1) : ((ListValue)of).Items[at];
    }

    private static Undefined Missing(object of, string what) => new($"{Kinds.Name(of)} has no {what}");
}
