using FlexGen.Dataflow;
using Microsoft.Extensions.Configuration;

namespace FlexGen.Worker.Configuration;

/// <summary>Binds layers of keys to an options class, and reports everything that is wrong with them at once.</summary>
internal static class OptionsBinder
{
    /// <param name="source">What the layers make up, for the message: the pipeline file.</param>
    /// <param name="layers">Later ones override earlier ones.</param>
    /// <exception cref="UsageException">A key is unknown, a value is of the wrong kind, missing or out of range.</exception>
    public static T Bind<T>(string source, IReadOnlyList<ConfigurationLayer> layers)
        where T : class, new()
    {
        var check = new KeyCheck(typeof(T));
        var configuration = new ConfigurationBuilder();
        foreach (var layer in layers)
        {
            check.Check(layer);
            configuration.AddInMemoryCollection(layer.Values.Where(v => v.Value is not null));
        }
        ThrowIfAny(source, check.Errors);
        var options = new T();
        configuration.Build().Bind(options);
        ThrowIfAny(source, [.. OptionsValidation.Errors(options).Select(e => Where(e, layers) + e)]);
        return options;
    }

    /// <summary>Where the key that an error begins with was written; nothing when it was not.</summary>
    private static string Where(string error, IReadOnlyList<ConfigurationLayer> layers)
    {
        string key = error.Split(' ')[0].TrimEnd(':').Replace('.', ':');
        // A list or a mapping is written as its entries.
        var places = layers.Reverse().SelectMany(layer => layer.Values.Keys.Where(name => IsOf(key, name)).Take(1).Select(layer.Where));
        return places.FirstOrDefault() is { } place ? place + ": " : "";
    }

    private static bool IsOf(string key, string name) =>
        name.Equals(key, StringComparison.OrdinalIgnoreCase) || name.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="UsageException">There are errors.</exception>
    public static void ThrowIfAny(string source, IReadOnlyList<string> errors)
    {
        if (errors.Count == 1)
        {
            throw new UsageException($"{source}: {errors[0]}");
        }
        if (errors.Count > 1)
        {
            throw new UsageException(string.Join(Environment.NewLine + "  ", errors.Prepend($"{source} has {errors.Count} errors:")));
        }
    }
}
