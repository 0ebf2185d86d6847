using System.Text.RegularExpressions;

namespace FlexGen.Dataflow.Kafka;

/// <summary>Makes the settings of librdkafka's clients.</summary>
internal static partial class KafkaClients
{
    /// <summary>What every client of an end has in common, the user's properties last.</summary>
    /// <param name="options">The end of the pipeline.</param>
    /// <param name="key">The end's key in the pipeline file, for messages.</param>
    /// <param name="own">Settings of the client's kind, which the user's properties override.</param>
    /// <exception cref="PipelineException">A property's variable or file is missing.</exception>
    public static Dictionary<string, string> Settings(KafkaOptions options, string key, params IEnumerable<KeyValuePair<string, string>> own)
    {
        var settings = new Dictionary<string, string>(own)
        {
            ["bootstrap.servers"] = options.BootstrapServers,
            ["client.id"] = "flexgen",
            ["socket.keepalive.enable"] = "true",
        };
        foreach (var (name, value) in options.Properties)
        {
            settings[name] = Resolve(value, $"{key}.properties.{name}");
        }

        return settings;
    }

    /// <exception cref="PipelineException">librdkafka knows no such property, or not that value.</exception>
    public static T Build<T>(Func<T> build, string key)
    {
        try
        {
            return build();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            throw new PipelineDefinitionException($"{key}.properties: {e.Message}", e);
        }
    }

    // The value itself is in no message: it may be a secret.
    private static string Resolve(string value, string key)
    {
        if (value.StartsWith("file:", StringComparison.Ordinal))
        {
            try
            {
                return Secret(File.ReadAllText(value["file:".Length..]).Trim(), value);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new PipelineException($"{key}: cannot read the file that it names: {e.Message}", e);
            }
        }

        return Variable().Replace(value, match => Secret(
            Environment.GetEnvironmentVariable(match.Groups[1].Value)
                ?? throw new PipelineDefinitionException($"{key}: the environment variable {match.Groups[1].Value} is not set."),
            match.Value));
    }

    private static string Secret(string value, string name)
    {
        Secrets.Add(value, name);
        return value;
    }

    [GeneratedRegex(@"\$\{(\w+)\}")]
    private static partial Regex Variable();
}
