using System.Globalization;

namespace FlexGen.Demo;

/// <summary>The options of a command: <c>--name value</c> pairs and flags, each of which must be asked for once.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> values = [];

    public Arguments(IReadOnlyList<string> arguments, params string[] flags)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i].StartsWith("--", StringComparison.Ordinal)
                ? arguments[i][2..]
                : throw new ArgumentException($"found '{arguments[i]}'; expected an option such as --seed");
            values[name] = flags.Contains(name) ? "true"
                : i + 1 < arguments.Count ? arguments[++i]
                : throw new ArgumentException($"--{name} needs a value");
        }
    }

    public bool Flag(string name) => values.Remove(name);

    public string Text(string name, string? otherwise = null) => Optional(name) ?? otherwise ?? throw new ArgumentException($"--{name} is missing");

    public string? Optional(string name) => values.Remove(name, out var value) ? value : null;

    public int Integer(string name, int? otherwise = null)
    {
        var text = Text(name, otherwise?.ToString(CultureInfo.InvariantCulture));
        return int.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value
            : throw new ArgumentException($"--{name} is '{text}'; expected an integer");
    }

    public double Number(string name, double otherwise)
    {
        var text = Text(name, otherwise.ToString(CultureInfo.InvariantCulture));
        return double.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value
            : throw new ArgumentException($"--{name} is '{text}'; expected a number");
    }

    /// <summary>Refuses options that nothing asked for.</summary>
    public void RequireAllUsed()
    {
        if (values.Count > 0)
        {
            throw new ArgumentException($"unknown option --{values.Keys.First()}");
        }
    }
}
