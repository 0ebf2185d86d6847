using FlexGen.Comparison.Engines;
using FlexGen.Comparison.Gguf;
using FlexGen.Comparison.Models;

namespace FlexGen.Comparison;

/// <summary>Whether the engines compute the same: ours in float32, theirs with F32 weights, on the same prompts. What is rounded is printed beside it.</summary>
internal static class FirstTokens
{
    public static readonly GgufType[] Types = [GgufType.F32, GgufType.Q8_0, GgufType.Q4_0];

    private const int Prompts = 16, PromptLength = 64, NewTokens = 8;

    /// <returns>Whether all first tokens agree that come of F32 weights.</returns>
    public static async Task<bool> CompareAsync(string folder, LlamaSize size, ulong seed)
    {
        var ours = await RunAsync(OwnEngine.Name, ModelFiles.Checkpoint(folder, size));
        var all = true;
        foreach (var library in NodeLlama.IsInstalled ? new[] { BatchedLlama.Name, NodeLlama.Name } : [BatchedLlama.Name])
        {
            foreach (var type in Types)
            {
                var pairs = ours.Tokens.Zip((await RunAsync(library, ModelFiles.Gguf(folder, size, type))).Tokens).ToArray();
                var first = pairs.Count(p => p.First[0] == p.Second[0]);
                var whole = pairs.Count(p => p.First.SequenceEqual(p.Second));
                Console.WriteLine($"{size.Name}, ours in float32 and {library} {type}: {first} of {Prompts} first tokens agree, {whole} of {Prompts} sequences of {NewTokens}");
                all &= type != GgufType.F32 || first == Prompts;
            }
        }

        return all;

        Task<Measured> RunAsync(string library, string model) =>
            ChildRun.StartAsync(new(library, model, size.Vocabulary, Prompts, PromptLength, NewTokens, seed) { DataType = "float32" });
    }
}
