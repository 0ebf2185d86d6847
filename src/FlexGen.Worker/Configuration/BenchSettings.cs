using System.ComponentModel.DataAnnotations;
using FlexGen.Dataflow;
using FlexGen.Engine.Models;

namespace FlexGen.Worker.Configuration;

/// <summary>What <c>flexgen bench</c> runs, as its options give it.</summary>
internal sealed class BenchSettings
{
    public const string Mixed = "mixed";
    private const int MostTokens = 1 << 24;

    [Required]
    public string Shape { get; set; } = "";

    [Range(1, MostTokens)]
    public int PromptLength { get; set; } = 512;

    [Range(1, MostTokens)]
    public int OutputLength { get; set; } = 32;

    [Range(1, MostTokens)]
    public int? PromptCount { get; set; }

    /// <summary><see cref="Mixed"/>, or a file with a line for each prompt; null: all prompts are alike.</summary>
    [Length(1, int.MaxValue, ErrorMessage = "{0} must be mixed or name a file.")]
    public string? Lengths { get; set; }

    [Required]
    [AllowedValues("static", "continuous", ErrorMessage = "{0} must be static or continuous.")]
    public string Slots { get; set; } = "continuous";

    [Length(1, int.MaxValue, ErrorMessage = "{0} must name a file to write.")]
    public string? Trace { get; set; }

    /// <summary>A JSON schema that outputs are held to while they are generated; null: they are not.</summary>
    [Length(1, int.MaxValue, ErrorMessage = "{0} must name a JSON schema file.")]
    public string? Constrain { get; set; }

    /// <exception cref="UsageException">An option is wrong.</exception>
    public static BenchSettings Load(ConfigurationLayer commandLine)
    {
        var settings = OptionsBinder.Bind<BenchSettings>("command line", [commandLine]);
        return PublishedShapes.Names.Contains(settings.Shape)
            ? settings
            : throw new UsageException($"--shape {settings.Shape} is not known{NearestName.Hint(settings.Shape, PublishedShapes.Names)} "
                + $"Known are {string.Join(", ", PublishedShapes.Names)}.");
    }
}
