namespace FlexGen.Worker.Configuration;

/// <summary>Keys from one place, by path (<c>source:parquet:path</c>); a later layer overrides an earlier one.</summary>
/// <param name="Values">The value of each key; null where a key is written without one.</param>
/// <param name="Where">Says, for a message, where a key of this layer was written.</param>
internal sealed record ConfigurationLayer(IReadOnlyDictionary<string, string?> Values, Func<string, string> Where)
{
    private const string EnvironmentPrefix = "FLEXGEN__";
    private const string PropertiesKey = ".properties.";

    /// <summary><c>FLEXGEN__sink__parquet__path=out</c> stands for the key <c>sink.parquet.path</c>.</summary>
    public static ConfigurationLayer FromEnvironment(IEnumerable<KeyValuePair<string, string?>> variables)
    {
        var values = NewValues();
        var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in variables.Where(v => v.Key.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase)))
        {
            var key = name[EnvironmentPrefix.Length..].Replace("__", ":", StringComparison.Ordinal);
            values[key] = value;
            names[key] = name;
        }

        return new ConfigurationLayer(values, key => $"environment variable {names[key]}");
    }

    /// <summary>Settings of the form <c>sink.parquet.path=out</c>.</summary>
    /// <exception cref="UsageException">A setting has no key or no value.</exception>
    public static ConfigurationLayer FromSettings(IEnumerable<string> settings)
    {
        var values = NewValues();
        foreach (var setting in settings)
        {
            var equals = setting.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new UsageException($"--set {setting}: expected key=value, such as --set generation.maxNewTokens=32.");
            }

            values[Key(setting[..equals].Trim())] = setting[(equals + 1)..];
        }

        return new ConfigurationLayer(values, key => $"--set {Display(key)}");
    }

    /// <summary>Whether a key, or any below it, is written here.</summary>
    public bool HasAny(string key) => Values.ContainsKey(key) || Values.Keys.Any(k => k.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase));

    /// <summary>How a message writes a key's path.</summary>
    public static string Display(string key) => key.Replace(':', '.');

    // The names of librdkafka's properties have dots of their own.
    private static string Key(string path)
    {
        var properties = path.IndexOf(PropertiesKey, StringComparison.OrdinalIgnoreCase);
        var end = properties < 0 ? path.Length : properties + PropertiesKey.Length;
        return path[..end].Replace('.', ':') + path[end..];
    }

    internal static Dictionary<string, string?> NewValues() => new(StringComparer.OrdinalIgnoreCase);
}
