using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

/// <summary>How a Kafka cluster is reached.</summary>
public abstract class KafkaOptions
{
    /// <summary>Brokers as <c>host:port,host:port</c>; <c>embedded</c> starts a cluster inside the process, for a demonstration.</summary>
    [Required]
    public string BootstrapServers { get; set; } = "";

    /// <summary>
    /// Properties of librdkafka, such as <c>security.protocol</c>. In a value <c>${NAME}</c> stands for an environment variable; a
    /// value <c>file:PATH</c> stands for that file's text.
    /// </summary>
    public IDictionary<string, string> Properties { get; set; } = new Dictionary<string, string>();

    /// <summary>How long to wait for the brokers at the start before giving up.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "24:00:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The brokers are the cluster inside this process.</summary>
    internal bool IsEmbedded { get; set; }
}
