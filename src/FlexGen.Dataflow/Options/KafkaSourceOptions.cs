using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

public class KafkaSourceOptions : KafkaOptions
{
    private const string OffsetResetKey = "auto.offset.reset";

    // What the source is or how it is read: there is a key for it, or the guarantee rests on it.
    private static readonly string[] fixedKeys =
    [
        "group.id", "partition.assignment.strategy", "group.protocol", "enable.auto.commit", "enable.auto.offset.store",
        "isolation.level", "enable.partition.eof",
    ];

    /// <summary>The topics to read; a name that begins with <c>^</c> is a pattern.</summary>
    [Required]
    [MinLength(1)]
    public IList<string> Topics { get; set; } = [];

    /// <summary>The consumer group; workers of one group share the topics' partitions.</summary>
    [Required]
    public string GroupId { get; set; } = "";

    /// <summary>
    /// Where the group begins that has never read: <c>earliest</c>, <c>latest</c>, a time (ISO 8601) or an offset. Partitions that are
    /// added later begin at their beginning.
    /// </summary>
    [Required]
    [Start]
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

    /// <summary>
    /// How long, with <see cref="UntilEnd"/>, to wait to become a member of the group, and for its answers, before giving up. It has to
    /// be longer than the session of a member that died. Not given: 2 minutes, and a minute more than <c>session.timeout.ms</c>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "24:00:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan? JoinTimeout { get; set; }

    /// <summary>With <c>bootstrapServers: embedded</c>: the Parquet dataset whose rows become the messages of the first topic.</summary>
    public string? EmbeddedRequests { get; set; }

    /// <summary>A message with a value of more bytes goes to the dead letter.</summary>
    [Range(1, 1_000_000_000)]
    public int MaxMessageBytes { get; set; } = 4 << 20;

    /// <summary><c>earliest</c>, or <c>error</c> where what the brokers deleted before it was read is to end the run.</summary>
    internal string OffsetReset => Properties.TryGetValue(OffsetResetKey, out var value) && value == "error" ? value : "earliest";

    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var result in base.Validate(validationContext))
        {
            yield return result;
        }

        if (Properties.TryGetValue(OffsetResetKey, out var reset) && reset is not ("earliest" or "error"))
        {
            yield return new ValidationResult(
                $"properties.{OffsetResetKey} must be earliest, to go on after what the brokers deleted before it was read, or error; found "
                    + $"'{reset}'. Where a new group begins is start's to say.");
        }

        foreach (var key in fixedKeys.Where(Properties.ContainsKey))
        {
            yield return new ValidationResult(
                $"properties.{key} cannot be set: {(key == "group.id" ? "write groupId instead" : "the worker sets it, for its guarantee rests on it")}.");
        }
    }
}
