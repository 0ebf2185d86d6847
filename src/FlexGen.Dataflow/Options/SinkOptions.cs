using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

/// <summary>Where records go: exactly one end is given.</summary>
public class SinkOptions : IValidatableObject
{
    public ParquetSinkOptions? Parquet { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Parquet is null)
        {
            yield return new ValidationResult("no sink is given: state where records go under `parquet`.", [nameof(Parquet)]);
        }
    }
}
