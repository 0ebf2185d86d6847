using CsCheck;

namespace FlexGen.Planning.Tests.Schedule;

/// <summary>Layers, and for each sweep the micro-batches with something to compute: from one sweep to the next sequences come and go.</summary>
internal sealed record ActiveSweeps(int Layers, IReadOnlyList<int[]> MicroBatches, int? WeightPages, bool AcrossLayers)
{
    public static Gen<ActiveSweeps> Gen { get; } = CsCheck.Gen.Select(
        CsCheck.Gen.Int[2, 5],
        CsCheck.Gen.Int[0, 6].HashSet[1, 5].Select(k => k.Order().ToArray()).Array[1, 4],
        CsCheck.Gen.Int[0, 7],
        CsCheck.Gen.Bool,
        (layers, sweeps, pages, acrossLayers) => new ActiveSweeps(layers, sweeps, pages == 0 ? null : pages, acrossLayers));

    /// <summary>Pages of a layer's weights that are asked for during a sweep.</summary>
    public int Pages(long sweep) => WeightPages ?? MicroBatches[(int)Math.Max(sweep, 0)].Length;

    public override string ToString() => $"{Layers} layers, pages {WeightPages}, {(AcrossLayers ? "across layers, " : "")}{string.Join(" | ", MicroBatches.Select(m => string.Join(",", m)))}";
}
