using FlexGen.Engine.Kernels.Host;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Host;

public class HostAttentionTests
{
    [Theory]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 1e-5)]
    [InlineData(ScalarType.Float16, 1e-5)]
    public unsafe void Equals_softmax_of_the_scores_in_double_precision(ScalarType type, double tolerance)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (tokens, slots, kvHeads, group, headDim) = (700, 3, 2, 4, 27);
        var keys = randn(tokens, slots, kvHeads, headDim).to(type);
        var values = randn(tokens, slots, kvHeads, headDim).to(type);
        var query = randn(2, kvHeads * group, headDim);
        var output = zeros(2, kvHeads * group, headDim);
        HostAttention.Seen[] seen = [new(2, 0, 650), new(0, 100, 103)];
        var shape = new SlabLayout(slots, kvHeads, group, headDim);
        if (type == ScalarType.Float32)
        {
            HostAttention.Decode((float*)At(query), (float*)At(keys), (float*)At(values), (float*)At(output), shape, seen, 0.3f);
        }
        else if (type == ScalarType.Float16)
        {
            HostAttention.Decode((float*)At(query), (Half*)At(keys), (Half*)At(values), (float*)At(output), shape, seen, 0.3f);
        }
        else
        {
            HostAttention.Decode((float*)At(query), (ushort*)At(keys), (ushort*)At(values), (float*)At(output), shape, seen, 0.3f);
        }

        for (var n = 0; n < seen.Length; n++)
        {
            var k = keys[TensorIndex.Slice(seen[n].First, seen[n].End), seen[n].Slot].to(ScalarType.Float64).repeat_interleave(group, 1);
            var v = values[TensorIndex.Slice(seen[n].First, seen[n].End), seen[n].Slot].to(ScalarType.Float64).repeat_interleave(group, 1);
            var scores = einsum("hd,thd->ht", query[n].to(ScalarType.Float64), k) * 0.3;
            var expected = einsum("ht,thd->hd", scores.softmax(-1), v);
            Assert.True((expected - output[n]).abs().max().item<double>() < tolerance);
        }
    }

    [Theory]
    [InlineData(30_000)]
    [InlineData(1_500)]
    [InlineData(700)]
    [InlineData(1)]
    public unsafe void The_result_is_the_same_however_many_partial_results_there_may_be_at_once(int partialElements)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var shape = new SlabLayout(Slots: 4, KvHeads: 5, Group: 2, HeadDim: 27);
        var (keys, values) = (randn(900, 4, 5, 27), randn(900, 4, 5, 27));
        var (query, all, found) = (randn(4, 10, 27), zeros(4, 10, 27), zeros(4, 10, 27));
        HostAttention.Seen[] seen = [new(2, 0, 650), new(0, 100, 103), new(3, 0, 900), new(1, 250, 257)];
        HostAttention.Decode((float*)At(query), (float*)At(keys), (float*)At(values), (float*)At(all), shape, seen, 0.3f);
        HostAttention.Decode((float*)At(query), (float*)At(keys), (float*)At(values), (float*)At(found), shape, seen, 0.3f, partialElements);
        Assert.True(found.equal(all).all().item<bool>());
    }

    private static IntPtr At(Tensor tensor) => TensorAddress.Of(tensor.Handle);
}
