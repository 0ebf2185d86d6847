using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

public class KafkaSinkOptions : KafkaOptions
{
    [Required]
    public string Topic { get; set; } = "";

    /// <summary>Other names for fields that the pipeline adds to a result, by the names they have without.</summary>
    public IDictionary<string, string> Names { get; set; } = new Dictionary<string, string>();

    /// <summary>
    /// <c>exactlyOnce</c>: results and what they were made of are committed in one transaction. <c>atLeastOnce</c>, for brokers without
    /// transactions: results first, then positions, so that a crash between the two repeats results.
    /// </summary>
    [Required]
    [AllowedValues("exactlyOnce", "atLeastOnce", ErrorMessage = "{0} must be exactlyOnce or atLeastOnce.")]
    public string Guarantee { get; set; } = "exactlyOnce";

    /// <summary>The longest that a result waits for its commit, unless one before it in its partition is not finished.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How many records may be between reading and commit: results wait in memory for those before them in their partition.</summary>
    [Range(1, 10_000_000)]
    public int MaxUncommitted { get; set; } = 50_000;

    /// <summary>How many bytes of messages may be between reading and commit.</summary>
    [Range(1L, long.MaxValue)]
    public long MaxUncommittedBytes { get; set; } = 256 << 20;
}
