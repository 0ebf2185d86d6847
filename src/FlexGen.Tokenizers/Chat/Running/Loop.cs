using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>What a for loop knows of itself. It looks ahead only where it is asked to: elements may be chosen by what the body
/// did before.</summary>
internal sealed class Loop(IEnumerable<object> elements, int depth, Func<object, int, object>? recurse)
{
    private static readonly Undefined none = new("there is no such element of the loop");
    private IEnumerator<object> rest = elements.GetEnumerator();
    private object? current;
    private object? before;
    private object? ahead;
    private int? length;
    private IReadOnlyList<object>? lastChanged;

    public int Index { get; private set; } = -1;

    public bool TryNext(out object element)
    {
        before = current;
        current = ahead ?? (rest.MoveNext() ? rest.Current : null);
        ahead = null;
        Index++;
        element = current ?? none;
        return current is not null;
    }

    /// <summary>A member of <c>loop</c>; null: there is none.</summary>
    public object? Find(string name) => name switch
    {
        "index" => Number.Of(Index + 1),
        "index0" => Number.Of(Index),
        "first" => Index == 0,
        "last" => Peek() is null,
        "length" => Number.Of(Length()),
        "revindex" => Number.Of(Length() - Index),
        "revindex0" => Number.Of(Length() - Index - 1),
        "previtem" => before ?? none,
        "nextitem" => Peek() ?? none,
        "depth" => Number.Of(depth + 1),
        "depth0" => Number.Of(depth),
        "cycle" => new Function(name, Cycle),
        "changed" => new Function(name, arguments => Changed(arguments)),
        _ => null,
    };

    /// <summary>Goes through other elements by the same body.</summary>
    public object Recurse(object others) =>
        recurse is null ? throw new TemplateFailure("loop() is called in a loop that is not recursive") : recurse(others, depth + 1);

    private object? Peek() => ahead ??= rest.MoveNext() ? rest.Current : null;

    private int Length()
    {
        if (length is null)
        {
            List<object> left = [];
            while (rest.MoveNext())
            {
                left.Add(rest.Current);
            }

            length = left.Count + Index + 1 + (ahead is null ? 0 : 1);
            rest = left.GetEnumerator();
        }

        return length.Value;
    }

    private object Cycle(CallArguments arguments) =>
        arguments.Positional.Count == 0 ? throw new TemplateFailure("loop.cycle() needs values") : arguments.Positional[Index % arguments.Positional.Count];

    private bool Changed(CallArguments arguments)
    {
        var isChanged = lastChanged is null || !lastChanged.SequenceEqual(arguments.Positional, ValueComparer.Instance);
        lastChanged = arguments.Positional;
        return isChanged;
    }
}
