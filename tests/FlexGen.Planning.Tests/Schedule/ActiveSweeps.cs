using CsCheck;
using FlexGen.Planning.Schedule;

namespace FlexGen.Planning.Tests.Schedule;

/// <summary>Layers on devices, and for each sweep the micro-batches with something to compute: from one sweep to the next sequences come and go.</summary>
internal sealed record ActiveSweeps(StageMap Stages, IReadOnlyList<int[]> MicroBatches, ZigzagOrder Order)
{
    public static Gen<ActiveSweeps> Gen { get; } =
        from devices in CsCheck.Gen.Int[1, 3]
        from layers in CsCheck.Gen.Int[Math.Max(2, devices), 7]
        from tied in CsCheck.Gen.Bool
        from sweeps in CsCheck.Gen.Int[0, 6].HashSet[1, 5].Select(k => k.Order().ToArray()).Array[1, 4]
        from pages in CsCheck.Gen.Int[0, 7]
        from completesLater in CsCheck.Gen.Bool
        from acrossLayers in CsCheck.Gen.Bool
        where !tied || layers > devices
        select new ActiveSweeps(new(layers, devices, tied), sweeps, new(pages == 0 ? null : pages, completesLater, acrossLayers));

    public int Layers => Stages.Layers;

    /// <summary>Pages of a layer's weights that are asked for during a sweep.</summary>
    public int Pages(long sweep) => Order.WeightPages ?? MicroBatches[(int)Math.Max(sweep, 0)].Length;

    /// <summary>Whether a sweep finds a layer's weights loaded by the one before.</summary>
    public bool IsFirst(int layer) => layer == Stages.On(Stages.Of(layer)).First();

    public override string ToString() => $"{Stages} {Order} {string.Join(" | ", MicroBatches.Select(m => string.Join(",", m)))}";
}
