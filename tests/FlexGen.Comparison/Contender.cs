using FlexGen.Comparison.Engines;
using FlexGen.Comparison.Gguf;
using FlexGen.Comparison.Models;

namespace FlexGen.Comparison;

/// <summary>An engine with a form of the weights.</summary>
/// <param name="Library">The engine's name.</param>
/// <param name="Weights">What the weights are kept in.</param>
/// <param name="Type">The GGUF file that it reads; null: the checkpoint.</param>
internal sealed record Contender(string Library, string Weights, GgufType? Type)
{
    public bool CompressWeights { get; init; }

    public bool CompressCache { get; init; }

    public string Name => $"{Library}, {Weights}";

    /// <summary>Those that run in a race.</summary>
    /// <param name="compress">What of ours is also measured in 4 bits: nothing, weights, or weights and, once more, KV cache too.</param>
    public static IEnumerable<Contender> All(Compress compress)
    {
        yield return new(OwnEngine.Name, "bfloat16", null);
        if (compress >= Compress.Int4)
        {
            yield return new(OwnEngine.Name, "int4", null) { CompressWeights = true };
        }

        if (compress == Compress.Both)
        {
            yield return new(OwnEngine.Name, "int4, KV int4", null) { CompressWeights = true, CompressCache = true };
        }

        foreach (var library in NodeLlama.IsInstalled ? new[] { BatchedLlama.Name, NodeLlama.Name } : [BatchedLlama.Name])
        {
            yield return new(library, "Q8_0", GgufType.Q8_0);
            yield return new(library, "Q4_0", GgufType.Q4_0);
        }
    }

    public RunRequest Request(string folder, RaceCase race, ulong seed) => new(
        Library, Type is { } type ? ModelFiles.Gguf(folder, race.Size, type) : ModelFiles.Checkpoint(folder, race.Size), race.Size.Vocabulary,
        race.Prompts, race.PromptLength, race.NewTokens, seed)
    {
        CompressWeights = CompressWeights,
        CompressCache = CompressCache,
        Memory = race.Memory,
    };
}
