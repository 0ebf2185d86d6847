using FlexGen.Comparison.Models;

namespace FlexGen.Comparison.Engines;

/// <summary>What one process is to run once.</summary>
/// <param name="Library">Which engine: <see cref="OwnEngine.Name"/>, <see cref="BatchedLlama.Name"/> or <see cref="NodeLlama.Name"/>.</param>
/// <param name="Model">A checkpoint's folder or a GGUF file.</param>
/// <param name="Vocabulary">Token ids are below it.</param>
/// <param name="Prompts">Sequences, all at once.</param>
/// <param name="PromptLength">Tokens of each.</param>
/// <param name="NewTokens">Tokens to generate for each.</param>
/// <param name="Seed">Of the prompts' tokens.</param>
internal sealed record RunRequest(string Library, string Model, int Vocabulary, int Prompts, int PromptLength, int NewTokens, ulong Seed)
{
    /// <summary>Tokens to generate before the clock starts, from short prompts.</summary>
    public const int WarmUpTokens = 3;

    private const int WarmUpPromptLength = 8;

    /// <summary>The type that ours computes in.</summary>
    public string DataType { get; init; } = "bfloat16";

    /// <summary>Whether ours has its linear layers' weights in 4 bits.</summary>
    public bool CompressWeights { get; init; }

    /// <summary>Whether ours has its KV cache in 4 bits.</summary>
    public bool CompressCache { get; init; }

    /// <summary>Bytes of memory that the process may use; null: what there is.</summary>
    public long? Memory { get; init; }

    /// <summary>Tokens that a sequence has room for.</summary>
    public int SequenceLength => Math.Max(PromptLength + NewTokens, WarmUpPromptLength + WarmUpTokens);

    public int[][] PromptTokens() => [.. Enumerable.Range(0, Prompts).Select(p => Enumerable.Range(0, PromptLength)
        .Select(t => (int)(RandomNumbers.Hash(Seed + (ulong)((p * PromptLength) + t)) % (ulong)Vocabulary)).ToArray())];

    public int[][] WarmUpPrompts() => [.. PromptTokens().Select(tokens => tokens[..Math.Min(WarmUpPromptLength, tokens.Length)])];
}
