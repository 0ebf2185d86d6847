using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>The values that a function, a filter, a test or a method is called with.</summary>
internal sealed record CallArguments(IReadOnlyList<object> Positional, IReadOnlyDictionary<string, object> Named)
{
    public static readonly CallArguments None = new([], new Dictionary<string, object>());

    public static CallArguments Of(params object[] positional) => None with { Positional = positional };

    /// <summary>The value of each parameter; null where the call leaves it out.</summary>
    /// <exception cref="TemplateFailure">There are more, or others.</exception>
    public object?[] Bind(string function, params string[] parameters)
    {
        if (Positional.Count > parameters.Length)
        {
            throw new TemplateFailure($"{function}() takes {parameters.Length} arguments; found {Positional.Count}");
        }

        var bound = new object?[parameters.Length];
        for (var i = 0; i < Positional.Count; i++)
        {
            bound[i] = Positional[i];
        }

        foreach (var (name, value) in Named)
        {
            var at = Array.IndexOf(parameters, name);
            if (at < 0 || bound[at] is not null)
            {
                throw new TemplateFailure($"{function}() takes no {(at < 0 ? "" : "second ")}argument '{name}'; it takes: {string.Join(", ", parameters)}");
            }

            bound[at] = value;
        }

        return bound;
    }

    /// <summary>The value of each parameter, where the first ones are needed.</summary>
    public object?[] Bind(string function, int needed, params string[] parameters)
    {
        var bound = Bind(function, parameters);
        return Array.FindIndex(bound, 0, needed, value => value is null) is >= 0 and var missing
            ? throw new TemplateFailure($"{function}() needs the argument '{parameters[missing]}'")
            : bound;
    }

    /// <summary>These without the first positional ones.</summary>
    public CallArguments Skip(int count) => this with { Positional = [.. Positional.Skip(count)] };
}
