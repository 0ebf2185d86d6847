using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

public class KafkaSourceOptions : KafkaOptions
{
    /// <summary>The topics to read; a name that begins with <c>^</c> is a pattern.</summary>
    [Required]
    [MinLength(1)]
    public IList<string> Topics { get; set; } = [];

    /// <summary>The consumer group; workers of one group share the topics' partitions.</summary>
    [Required]
    public string GroupId { get; set; } = "";

    /// <summary>Where a partition begins that the group has never read: <c>earliest</c>, <c>latest</c>, a time (ISO 8601) or an offset.</summary>
    [Required]
    public string Start { get; set; } = "earliest";

    /// <summary><c>json</c>: a value is an object whose fields are the columns. <c>text</c>: a value is the one column <c>value</c>.</summary>
    [Required]
    [AllowedValues("json", "text", ErrorMessage = "{0} must be json or text.")]
    public string Format { get; set; } = "json";

    /// <summary>The fields to carry through. Not given: all reach a Kafka sink, those that the template names a Parquet sink.</summary>
    [MinLength(1)]
    public IList<string>? Columns { get; set; }

    /// <summary>Stop at what were the partitions' ends when the run began.</summary>
    public bool UntilEnd { get; set; }

    /// <summary>With <c>bootstrapServers: embedded</c>: the Parquet dataset whose rows become the messages of the first topic.</summary>
    public string? EmbeddedRequests { get; set; }

    /// <summary>A message with a value of more bytes goes to the dead letter.</summary>
    [Range(1, 1_000_000_000)]
    public int MaxMessageBytes { get; set; } = 4 << 20;
}
