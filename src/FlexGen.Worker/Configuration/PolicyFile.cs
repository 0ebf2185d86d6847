namespace FlexGen.Worker.Configuration;

/// <summary>A policy in a file of its own, YAML or JSON, with the keys of <see cref="PolicySettings"/>.</summary>
internal static class PolicyFile
{
    /// <summary>No file.</summary>
    public const string Auto = "auto";

    /// <summary>Binds options; the policy file that they name, if any, lies below all layers.</summary>
    /// <param name="source">What the layers make up, for messages.</param>
    /// <param name="layers">Later ones override earlier ones.</param>
    /// <param name="prefix">The path of the engine's keys, such as <c>engine:</c>.</param>
    /// <param name="fileOf">The file that options name, or <see cref="Auto"/>.</param>
    /// <exception cref="UsageException">A key is unknown, or a value is wrong; the message says where it was written.</exception>
    public static T Bind<T>(string source, IReadOnlyList<ConfigurationLayer> layers, string prefix, Func<T, string> fileOf)
        where T : class, new()
    {
        var options = OptionsBinder.Bind<T>(source, layers);
        var file = fileOf(options);
        return file == Auto ? options : OptionsBinder.Bind<T>(source, [Read(file, prefix), .. layers]);
    }

    private static ConfigurationLayer Read(string path, string prefix)
    {
        var layer = YamlLayer.Read(path, "policy file", "gpuBatchSize, gpuBatchCount, percent and attention");
        var check = new KeyCheck(typeof(PolicySettings));
        check.Check(layer);
        OptionsBinder.ThrowIfAny(path, check.Errors);
        var values = ConfigurationLayer.NewValues();
        foreach (var (key, value) in layer.Values)
        {
            values[prefix + key] = value;
        }

        return new ConfigurationLayer(values, key => $"{path} {layer.Where(key[prefix.Length..])}");
    }
}
