using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Interop;
using FlexGen.Planning;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public class DecodeAttentionTests
{
    private static readonly (int Slot, int Length)[] sequences = [(0, 1), (1, 700), (3, 257), (4, 512), (5, 30)];

    [Theory]
    [InlineData(ScalarType.Float16, 4, 1, 128, null, 128)]
    [InlineData(ScalarType.Float16, 2, 4, 128, null, 128)]
    [InlineData(ScalarType.Float16, 8, 4, 128, null, 256)]
    [InlineData(ScalarType.Float16, 8, 4, 128, 260, 512)]
    [InlineData(ScalarType.BFloat16, 2, 8, 128, 300, 128)]
    [InlineData(ScalarType.BFloat16, 2, 8, 128, null, 256)]
    [InlineData(ScalarType.BFloat16, 1, 7, 64, null, 128)]
    [InlineData(ScalarType.BFloat16, 1, 16, 128, 17, 256)]
    [InlineData(ScalarType.Float16, 3, 1, 80, 1, 128)]
    [InlineData(ScalarType.Float16, 2, 12, 80, null, 128)]
    [InlineData(ScalarType.BFloat16, 2, 2, 96, 40, 128)]
    [InlineData(ScalarType.Float16, 2, 3, 24, null, 128)]
    [InlineData(ScalarType.Float32, 2, 2, 256, null, 256)]
    [InlineData(ScalarType.Float32, 2, 4, 128, 511, 128)]
    [InlineData(ScalarType.Float32, 2, 1, 27, 16, 128)]
    [InlineData(ScalarType.Float16, 2, 8, 256, 511, 128)]
    public void Equals_softmax_of_the_scores_in_double_precision_and_adds_the_token_to_the_cache(
        ScalarType type, int kvHeads, int group, int headDim, int? window, int chunk)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (tokens, slots, heads) = (700, 6, kvHeads * group);
        var shape = new ModelShape("test", 1, heads * headDim, heads, kvHeads, headDim, 1, tokens);
        var plan = Enumerable.Range(0, 16).Select(n => new DecodeKernelPlan(shape, DataTypes.Format(type), slots << n, tokens)).First(p => p.Chunk == chunk);
        using var kernel = new DecodeAttention(plan, type, null, CUDA);
        var keys = randn(tokens, slots, kvHeads, headDim, device: CUDA).to(type);
        var values = randn(tokens, slots, kvHeads, headDim, device: CUDA).to(type);
        var query = randn(sequences.Length, heads, headDim, device: CUDA).to(type);
        var newKeys = randn(sequences.Length, kvHeads, headDim, device: CUDA).to(type);
        var newValues = randn(sequences.Length, kvHeads, headDim, device: CUDA).to(type);
        foreach (var (slot, length) in sequences)
        {
            // What lies behind a sequence's end must not count, whatever it is.
            keys[TensorIndex.Slice(length), slot] = double.NaN;
            values[TensorIndex.Slice(length), slot] = double.NaN;
        }

        var output = full([sequences.Length, heads * headDim], double.NaN, device: CUDA).to(type);
        var alone = full_like(output, double.NaN);
        var places = tensor([.. sequences.SelectMany(s => new[] { s.Slot, s.Length })]).reshape(-1, 2).cuda();

        var slabs = new DecodeAttention.Slabs(TensorAddress.Of(keys.Handle), TensorAddress.Of(values.Handle), slots);
        for (var repeat = 0; repeat < 2; repeat++)
        {
            kernel.Forward((query, 0), newKeys, newValues, slabs, (output, 0), places, sequences.Max(s => s.Length), 0.3, window);
        }

        kernel.Forward((query, 1), newKeys[1..], newValues[1..], slabs, (alone, 1), places[1..2], sequences[1].Length, 0.3, window);
        Assert.True(alone[1].equal(output[1]).all().item<bool>());
        for (var n = 0; n < sequences.Length; n++)
        {
            var (slot, length) = sequences[n];
            Assert.True(keys[length - 1, slot].equal(newKeys[n]).all().item<bool>());
            Assert.True(values[length - 1, slot].equal(newValues[n]).all().item<bool>());
            var span = TensorIndex.Slice(Math.Max(0, length - (window ?? length)), length);
            var k = keys[span, slot].to(ScalarType.Float64).repeat_interleave(group, 1);
            var v = values[span, slot].to(ScalarType.Float64).repeat_interleave(group, 1);
            var scores = einsum("hd,thd->ht", query[n].to(ScalarType.Float64), k) * 0.3;
            var expected = einsum("ht,thd->hd", scores.softmax(-1), v).flatten();
            var tolerance = type switch { ScalarType.Float32 => 1e-5, ScalarType.Float16 => 2e-3, _ => 2e-2 };
            Assert.True((expected - output[n]).abs().max().item<double>() < tolerance, $"{(expected - output[n]).abs().max().item<double>()} for sequence {n}");
        }
    }
}
