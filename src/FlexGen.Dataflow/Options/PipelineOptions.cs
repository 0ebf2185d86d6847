using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

/// <summary>The part of a pipeline file that says what moves from where to where. Paths are relative to the pipeline's base directory.</summary>
public class PipelineOptions : IValidatableObject
{
    /// <summary>Names the pipeline; part files carry it, so that two pipelines cannot share an output folder unnoticed.</summary>
    [Required]
    public string Name { get; set; } = "";

    [Required]
    public SourceOptions Source { get; set; } = new();

    [Required]
    public PromptOptions Prompt { get; set; } = new();

    [Required]
    public GenerationOptions Generation { get; set; } = new();

    public OutputOptions? Output { get; set; }

    [Required]
    public SinkOptions Sink { get; set; } = new();

    [Required]
    public SinkOptions DeadLetter { get; set; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var fromMessages = Source.Kafka is not null;
        List<string> errors =
        [
            .. Prompt?.Errors() ?? [],
            .. Output?.Errors(Generation) ?? [],
            .. AddedNames.Errors("sink.parquet.names", Sink.Parquet?.Names, AddedNames.ToOutputs(fromMessages, Output)),
            .. AddedNames.Errors("deadLetter.parquet.names", DeadLetter.Parquet?.Names, AddedNames.ToDeadLetters(fromMessages)),
            .. AddedNames.Errors("sink.kafka.names", Sink.Kafka?.Names, AddedNames.Fields(Output)),
        ];
        if (DeadLetter.Kafka?.Names is { Count: > 0 })
        {
            errors.Add("deadLetter.kafka.names has nothing to name: a dead letter in Kafka is the request as it came, with headers. Leave it out.");
        }

        return errors.Select(error => new ValidationResult(error));
    }
}
