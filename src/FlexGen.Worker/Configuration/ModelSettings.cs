using System.ComponentModel.DataAnnotations;

namespace FlexGen.Worker.Configuration;

/// <summary>The <c>model</c> key of a pipeline file: a checkpoint folder, or the echo that stands in for one.</summary>
internal sealed class ModelSettings : IValidatableObject
{
    /// <summary>A Hugging Face checkpoint folder.</summary>
    public string? Path { get; set; }

    /// <summary>Returns each prompt instead of generating.</summary>
    public bool Echo { get; set; }

    /// <summary>The echo comes after a random delay up to this.</summary>
    public TimeSpan? EchoMaxDelay { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Echo == !string.IsNullOrEmpty(Path))
        {
            yield return new ValidationResult("give either path (a checkpoint folder) or echo: true.");
        }

        if (EchoMaxDelay is not null && !Echo)
        {
            yield return new ValidationResult("echoMaxDelay needs echo: true.", [nameof(EchoMaxDelay)]);
        }

        if (EchoMaxDelay < TimeSpan.Zero || EchoMaxDelay > TimeSpan.FromHours(1))
        {
            yield return new ValidationResult("echoMaxDelay must be between 00:00:00 and 01:00:00.", [nameof(EchoMaxDelay)]);
        }
    }
}
