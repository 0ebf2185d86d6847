using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

/// <summary>Where records go: exactly one end is given.</summary>
public class SinkOptions : IValidatableObject
{
    public ParquetSinkOptions? Parquet { get; set; }

    public KafkaSinkOptions? Kafka { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Parquet is null && Kafka is null)
        {
            yield return new ValidationResult("no sink is given: state where records go under `parquet` or `kafka`.", [nameof(Parquet)]);
        }

        if (Parquet is not null && Kafka is not null)
        {
            yield return new ValidationResult("two sinks are given: keep `parquet` or `kafka`.", [nameof(Kafka)]);
        }
    }
}
