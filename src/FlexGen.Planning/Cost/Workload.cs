namespace FlexGen.Planning.Cost;

/// <summary>What is to be generated: lengths of sequences in the order in which they come, or a sample of them.</summary>
/// <param name="Sample">At least one.</param>
/// <param name="Total">How many there are; null: as many as the sample has.</param>
public sealed record Workload(IReadOnlyList<SequenceLengths> Sample, long? Total = null)
{
    /// <summary>How many there are.</summary>
    public long Count => Total ?? Sample.Count;

    /// <summary>Tokens of the longest, prompt and output.</summary>
    public int Longest => Sample.Max(s => s.Prompt + s.Output);

    public double MeanPrompt => Sample.Average(s => (double)s.Prompt);

    public double MeanOutput => Sample.Average(s => (double)s.Output);

    /// <summary>Sequences that are all alike.</summary>
    public static Workload Uniform(int prompt, int output, long count) => new([new(prompt, output)], count);

    /// <summary>The same in slots of so many tokens: an output ends where its slot does, and a prompt leaves room for one token.</summary>
    public Workload Within(int room)
    {
        return Longest <= room ? this : this with { Sample = [.. Sample.Select(Cut)] };

        SequenceLengths Cut(SequenceLengths lengths)
        {
            var prompt = Math.Min(lengths.Prompt, room - 1);
            return new(prompt, Math.Min(lengths.Output, room - prompt));
        }
    }

    /// <summary>The first so many, the sample over and over.</summary>
    public IEnumerable<SequenceLengths> Take(long count)
    {
        for (var n = 0L; n < count; n++)
        {
            yield return Sample[(int)(n % Sample.Count)];
        }
    }
}
