using FlexGen.Planning.Cost;

namespace FlexGen.Worker.Policies;

/// <summary>What a run will generate, as far as it can be known before.</summary>
internal static class Workloads
{
    /// <summary>Prompts that are looked at.</summary>
    public const int Sampled = 256;

    /// <summary>Tokens of a prompt of which nothing is known.</summary>
    private const int UnknownPrompt = 256;

    /// <summary>Sequences of which no one can know how many there are: enough to fill any slots several times.</summary>
    private const long Unknown = 1 << 20;

    /// <summary>A workload by its prompts and by what outputs turned out to be, or can be at the most.</summary>
    /// <param name="prompts">Tokens of some prompts; none: nothing is known of them.</param>
    /// <param name="earlier">What earlier runs had; none: there were none, and each output is taken to be as long as it can.</param>
    /// <param name="mostNew">Tokens that are generated at the most.</param>
    /// <param name="count">How many there are; null: no one can know.</param>
    public static ExpectedWorkload Of(IReadOnlyList<int> prompts, IReadOnlyList<SequenceLengths> earlier, int mostNew, long? count)
    {
        var known = prompts.Count > 0 ? prompts : earlier.Count > 0 ? [.. earlier.Select(l => l.Prompt)] : new[] { UnknownPrompt };
        var generated = earlier.Count > 0 ? earlier.Select(l => l.Output).ToArray() : [mostNew];
        var sample = Enumerable.Range(0, Math.Max(known.Count, generated.Length))
            .Select(n => new SequenceLengths(Math.Max(1, known[n % known.Count]), Math.Clamp(generated[n % generated.Length], 1, mostNew)));
        return new(new([.. sample], Math.Max(1, count ?? Unknown)), earlier.Count > 0);
    }
}
