using FlexGen.Engine.Batch;
using FlexGen.Engine.Layers;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Cache;

/// <summary>One layer of one micro-batch: random queries, keys and values sweep after sweep, and their attention by its formula.</summary>
internal sealed class AttentionByFormula(ModelShape shape, ScalarType type, Device device, int? window)
{
    public const double Scale = 0.3;
    private readonly Dictionary<int, (List<Tensor> Keys, List<Tensor> Values)> seen = [];

    /// <summary>What the layer is given for the rows, in the current dispose scope.</summary>
    public AttentionInput Next(RowLayout layout)
    {
        var rows = layout.TokenIds.Length;
        var (query, key, value) = (Random(rows, shape.Heads), Random(rows, shape.KvHeads), Random(rows, shape.KvHeads));
        for (var row = 0; row < layout.Slots.Length; row++)
        {
            if (layout.Positions[row] == 0)
            {
                seen[layout.Slots[row]] = ([], []);
            }

            seen[layout.Slots[row]].Keys.Add(Exact(key[row]));
            seen[layout.Slots[row]].Values.Add(Exact(value[row]));
        }

        return new(query, key, value, Scale, window);
    }

    /// <summary>A slot's keys so far, [tokens, kvHeads, headDim], float64.</summary>
    public Tensor Keys(int slot) => stack(seen[slot].Keys);

    /// <summary>The attention of rows must be near the formula's.</summary>
    public void Expect(RowLayout layout, IEnumerable<int> rows, AttentionInput input, Tensor output, string where)
    {
        var group = shape.Heads / shape.KvHeads;
        foreach (var row in rows)
        {
            var (slot, end) = (layout.Slots[row], (int)layout.Positions[row] + 1);
            var first = Math.Max(0, end - (window ?? end));
            var k = stack(seen[slot].Keys[first..end]).repeat_interleave(group, 1);
            var v = stack(seen[slot].Values[first..end]).repeat_interleave(group, 1);
            var weights = (einsum("hd,thd->ht", Exact(input.Query[row]), k) * Scale).softmax(-1);
            var apart = (einsum("ht,thd->hd", weights, v).flatten() - Exact(output[row])).abs().max().item<double>();
            Assert.True(apart < (type == ScalarType.Float32 ? 1e-5 : 2e-2), $"{where}, row {row} (slot {slot}, position {end - 1}) is {apart} apart");
        }
    }

    private Tensor Random(int rows, int heads) => randn(rows, heads, shape.HeadDim).to(type).to(device);

    private static Tensor Exact(Tensor x) => x.cpu().to(ScalarType.Float64).clone().DetachFromDisposeScope();
}
