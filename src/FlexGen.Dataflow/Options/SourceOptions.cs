using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

/// <summary>Where records come from: exactly one end is given.</summary>
public class SourceOptions : IValidatableObject
{
    public ParquetSourceOptions? Parquet { get; set; }

    public KafkaSourceOptions? Kafka { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Parquet is null && Kafka is null)
        {
            yield return new ValidationResult("no source is given: state where records come from under `parquet` or `kafka`.", [nameof(Parquet)]);
        }

        if (Parquet is not null && Kafka is not null)
        {
            yield return new ValidationResult("two sources are given: keep `parquet` or `kafka`.", [nameof(Kafka)]);
        }
    }
}
