using FlexGen.Comparison.Gguf;
using FlexGen.Comparison.Models;

namespace FlexGen.Comparison;

/// <summary>What all contenders generate.</summary>
/// <param name="Size">The model.</param>
/// <param name="Prompts">Sequences, all at once.</param>
/// <param name="PromptLength">Tokens of each.</param>
/// <param name="NewTokens">Tokens to generate for each.</param>
/// <param name="Memory">Bytes of memory that a process may use; null: what there is.</param>
internal sealed record RaceCase(LlamaSize Size, int Prompts, int PromptLength, int NewTokens, long? Memory = null)
{
    private const long Gigabyte = 1L << 30;

    public string Name => $"{Size.Name}: {Prompts} x ({PromptLength} + {NewTokens})" + (Memory is { } memory ? $" in {memory / Gigabyte} GiB" : "");

    /// <summary>GGUF files of its size that are raced: those that could be in its memory.</summary>
    public IEnumerable<GgufType> Types => new[] { GgufType.Q8_0, GgufType.Q4_0 }.Where(t => Memory is not { } memory || GgufBlocks.Bytes(t, Size.Parameters) < 0.9 * memory);

    public static RaceCase[] All(bool tiny) => tiny
        ? [new(LlamaSize.Tiny, 16, 32, 16), new(LlamaSize.Tiny, 1, 32, 16), new(LlamaSize.Tiny, 16, 16, 12, 2 * Gigabyte)]
        :
        [
            new(LlamaSize.Small, 16, 128, 64), new(LlamaSize.Small, 64, 32, 32), new(LlamaSize.Small, 1, 128, 64),
            new(LlamaSize.Large, 16, 16, 12, 2 * Gigabyte),
        ];
}
