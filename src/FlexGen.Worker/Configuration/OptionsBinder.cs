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
        var values = ConfigurationLayer.NewValues();
        foreach (var layer in layers)
        {
            check.Check(layer);
            Override(values, layer, typeof(T));
        }

        ThrowIfAny(source, check.Errors);
        var options = new T();
        new ConfigurationBuilder().AddInMemoryCollection(values).Build().Bind(options);
        ThrowIfAny(source, [.. OptionsValidation.Errors(options).Select(e => Where(e, layers) + e)]);
        return options;
    }

    /// <summary>Lays a layer over what is below it. A list is one value: whoever gives its entries gives all of them.</summary>
    private static void Override(Dictionary<string, string?> values, ConfigurationLayer layer, Type root)
    {
        var given = layer.Values.Where(v => v.Value is not null).ToList();
        var lists = given.Select(v => KeyPath.ListOf(root, v.Key)).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        foreach (var key in values.Keys.Where(key => lists.Exists(list => IsIn(key, list))).ToList())
        {
            values.Remove(key);
        }

        foreach (var (key, value) in given)
        {
            values[key] = value;
        }
    }

    private static bool IsIn(string key, string list) =>
        key.Equals(list, StringComparison.OrdinalIgnoreCase) || key.StartsWith(list + ":", StringComparison.OrdinalIgnoreCase);

    /// <summary>Where the key that an error begins with was written; nothing when it was not.</summary>
    private static string Where(string error, IReadOnlyList<ConfigurationLayer> layers)
    {
        var key = error.Split(' ')[0].TrimEnd(':').Replace('.', ':');
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
            throw new UsageException([$"{source} has {errors.Count} errors:", .. errors]);
        }
    }
}
