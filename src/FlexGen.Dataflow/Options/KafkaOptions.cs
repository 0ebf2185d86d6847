using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

/// <summary>How a Kafka cluster is reached.</summary>
public abstract class KafkaOptions : IValidatableObject
{
    private const string ProtocolKey = "security.protocol";

    /// <summary>Brokers as <c>host:port,host:port</c>; <c>embedded</c> starts a cluster inside the process, for a demonstration.</summary>
    [Required]
    public string BootstrapServers { get; set; } = "";

    /// <summary>
    /// Properties of librdkafka, such as <c>security.protocol</c>. In a value <c>${NAME}</c> stands for an environment variable; a
    /// value <c>file:PATH</c> stands for that file's text.
    /// </summary>
    public IDictionary<string, string> Properties { get; set; } = new Dictionary<string, string>();

    /// <summary>How long to wait for the brokers at the start before giving up.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The brokers are the cluster inside this process.</summary>
    internal bool IsEmbedded { get; set; }

    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var protocol = Properties.TryGetValue(ProtocolKey, out var value) ? value : null;
        if (protocol?.StartsWith("file:", StringComparison.Ordinal) == true || protocol?.Contains("${", StringComparison.Ordinal) == true)
        {
            yield break;
        }

        foreach (var (prefix, fitting) in new[] { ("sasl.", "SASL_SSL or SASL_PLAINTEXT"), ("ssl.", "SSL or SASL_SSL") })
        {
            if (Properties.Keys.FirstOrDefault(key => key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) is { } key
                && !fitting.Split(" or ").Contains(protocol, StringComparer.OrdinalIgnoreCase))
            {
                yield return new ValidationResult(
                    $"properties.{key} has no effect unless {ProtocolKey} is {fitting}; "
                        + $"{(protocol is null ? "it is not set" : $"found '{protocol}'")}: add it to properties, or leave {key} out.");
            }
        }
    }
}
