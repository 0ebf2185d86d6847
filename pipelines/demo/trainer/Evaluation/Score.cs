using FlexGen.Demo.Data;

namespace FlexGen.Demo.Evaluation;

/// <summary>How many answers are exactly right, and what is wrong with the others.</summary>
/// <param name="ExactMatch">The share of records answered with exactly the expected JSON.</param>
/// <param name="Mistakes">The others, by record number.</param>
internal sealed record Score(double ExactMatch, IReadOnlyList<Mistake> Mistakes)
{
    public static Score Of(IReadOnlyList<DemoRecord> records, IReadOnlyList<string> outputs)
    {
        var mistakes = Enumerable.Range(0, records.Count).Where(n => outputs[n] != records[n].Json)
            .Select(n => new Mistake(n, Mistake.KindOf(records[n].Json, outputs[n]), records[n], outputs[n])).ToArray();
        return new(1 - (mistakes.Length / (double)records.Count), mistakes);
    }
}
