using System.Security.Cryptography;
using System.Text.Json;
using FlexGen.Dataflow;

namespace FlexGen.Worker.Lengths;

/// <summary>What lengths are of: runs with another key say nothing of this one.</summary>
/// <param name="Pipeline">Its name; empty: none.</param>
/// <param name="Model">The folder.</param>
/// <param name="Options">A hash of all options on which prompts and outputs depend.</param>
internal sealed record LengthKey(string Pipeline, string Model, string Options)
{
    /// <param name="options">A pipeline.</param>
    /// <param name="folder">The model's.</param>
    public static LengthKey Of(PipelineOptions options, string folder) => Of(options.Name, folder, options.Generation, options.Output, options.Prompt);

    /// <param name="pipeline">The pipeline's name; empty: none.</param>
    /// <param name="folder">The model's.</param>
    /// <param name="generation">How outputs are generated. The seed makes none longer.</param>
    /// <param name="output">What they may be; null: any text.</param>
    /// <param name="prompt">What prompts are made of; null: of whatever comes.</param>
    public static LengthKey Of(string pipeline, string folder, GenerationOptions generation, OutputOptions? output, PromptOptions? prompt)
    {
        var sampled = JsonSerializer.SerializeToNode(generation)!.AsObject();
        sampled.Remove(nameof(GenerationOptions.Seed));
        var all = JsonSerializer.SerializeToUtf8Bytes(new { sampled, output, prompt });
        return new(pipeline, Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), Convert.ToHexStringLower(SHA256.HashData(all)));
    }
}
