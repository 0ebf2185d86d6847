namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>Variables of a piece of a template; those of what it stands in are seen and not changed.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, object> variables = new(StringComparer.Ordinal);

    public object? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope.variables.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return null;
    }

    public void Set(string name, object value) => variables[name] = value;

    private Scope? Outer => outer;
}
