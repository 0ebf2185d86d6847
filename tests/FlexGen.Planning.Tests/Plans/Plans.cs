using CsCheck;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Tests.Plans;

/// <summary>Models, policies and devices of all sorts.</summary>
internal static class Plans
{
    private static readonly Gen<Placement> placements =
        from gpu in Gen.OneOf(OneOf(0.0, 100.0), Gen.Double[0, 100])
        from rest in Gen.OneOf(OneOf(0.0, 1.0), Gen.Double[0, 1])
        select new Placement(gpu, (100 - gpu) * rest);

    public static Gen<(ModelOutline Model, Policy Policy, ComputeDevice Device)> All { get; } =
        from model in Gen.Select(Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[1, 3], OneOf(ElementFormat.F32, ElementFormat.BF16), OneOf<int?>(null, 7))
        from batches in Gen.Select(Gen.Int[1, 9], Gen.Int[1, 5], Gen.Int[2, 70])
        from shares in Gen.Select(placements, placements, placements)
        from attention in OneOf(0, 50, 100)
        from gpu in Gen.Bool
        from records in Gen.Bool
        from devices in Gen.Int[1, 3]
        from compressions in Gen.Select(OneOf(Compression.None, Compression.Int4), OneOf(Compression.None, Compression.Int4))
        select (
            Model(model.Item1, model.Item2 * model.Item3, model.Item3, model.Item4, model.Item5),
            new Policy(batches.Item1, batches.Item2, batches.Item3)
            {
                Weights = shares.Item1,
                Cache = shares.Item2,
                Hidden = shares.Item3,
                AttentionOnHost = attention,
                RecordsDecode = records,
                CompressWeights = compressions.Item1,
                CompressCache = compressions.Item2,
            },
            new ComputeDevice(gpu, gpu ? 1000 : 0, Math.Min(devices, model.Item1)));

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(n => values[n]);

    /// <summary>A model whose head is its embedding.</summary>
    public static ModelOutline Model(int layers, int heads, int kvHeads, ElementFormat format, int? window = null)
    {
        const int headDim = 20, vocabulary = 300;
        var hidden = heads * headDim;
        var decoders = Enumerable.Range(0, layers).Select(n => new LayerOutline(
            [
                new($"{n}.norm", 1, hidden), new($"{n}.query", hidden, hidden, IsLinear: true), new($"{n}.up", 4 * hidden, hidden, IsLinear: true),
                new($"{n}.down", hidden, 4 * hidden, IsLinear: true, Group: n == 1 ? 32 : null),
            ],
            new RowElements(3 * hidden, 7 * hidden, 9 * hidden, 18 * hidden, 18 * hidden),
            n % 2 == 0 ? window : null));
        WeightShape tied = new("embedding", vocabulary, hidden);
        return new(
            new("test", layers, hidden, heads, kvHeads, headDim, vocabulary, 100), format,
            [new([tied]), .. decoders, new([new("norm", 1, hidden), tied])]);
    }
}
