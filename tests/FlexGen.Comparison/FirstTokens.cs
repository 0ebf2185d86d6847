using FlexGen.Comparison.Gguf;
using FlexGen.Comparison.Models;

namespace FlexGen.Comparison;

/// <summary>Whether the engines compute the same: ours in float32, theirs with F32 weights, on the same prompts. What is rounded is printed beside it.</summary>
internal static class FirstTokens
{
    public static readonly GgufType[] Types = [GgufType.F32, GgufType.Q8_0, GgufType.Q4_0];

    private const int Prompts = 16, PromptLength = 64, NewTokens = 8;

    /// <param name="folder">Where the models are.</param>
    /// <param name="size">The model.</param>
    /// <param name="contenders">Those that will be raced, ours first.</param>
    /// <param name="seed">Of the prompts.</param>
    /// <returns>Whether all first tokens agree that come of F32 weights.</returns>
    public static async Task<bool> CompareAsync(string folder, LlamaSize size, IReadOnlyList<Contender> contenders, ulong seed)
    {
        var race = new RaceCase(size, Prompts, PromptLength, NewTokens);
        var ours = await ChildRun.StartAsync(contenders[0].Request(folder, race, seed) with { DataType = "float32" });
        var all = true;
        foreach (var exact in contenders.Where(c => c.Type is not null).Select(c => c.Library).Distinct().Select(library => new Contender(library, "F32", GgufType.F32)))
        {
            all &= await AgreeAsync(exact) == Prompts;
        }

        foreach (var rounded in contenders)
        {
            try
            {
                await AgreeAsync(rounded);
            }
            catch (InvalidOperationException failed)
            {
                Console.WriteLine($"{size.Name}, {rounded.Name}: {failed.Message}");
            }
        }

        return all;

        async Task<int> AgreeAsync(Contender other)
        {
            var pairs = ours.Tokens.Zip((await ChildRun.StartAsync(other.Request(folder, race, seed))).Tokens).ToArray();
            var first = pairs.Count(p => p.First[0] == p.Second[0]);
            var whole = pairs.Count(p => p.First.SequenceEqual(p.Second));
            Console.WriteLine($"{size.Name}, ours in float32 and {other.Name}: {first} of {Prompts} first tokens agree, {whole} of {Prompts} sequences of {NewTokens}");
            return first;
        }
    }
}
