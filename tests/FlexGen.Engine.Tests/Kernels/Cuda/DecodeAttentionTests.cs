using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public class DecodeAttentionTests
{
    private static readonly (int Slot, int Length)[] sequences = [(0, 1), (1, 700), (3, 257), (4, 512), (5, 30)];

    [Theory]
    [InlineData(ScalarType.Float16, 4, 1, 128, null)]
    [InlineData(ScalarType.Float16, 2, 4, 128, null)]
    [InlineData(ScalarType.BFloat16, 2, 8, 128, 300)]
    [InlineData(ScalarType.BFloat16, 1, 7, 64, null)]
    [InlineData(ScalarType.Float16, 3, 1, 80, 1)]
    [InlineData(ScalarType.Float32, 2, 2, 256, null)]
    [InlineData(ScalarType.Float32, 2, 1, 27, 16)]
    [InlineData(ScalarType.Float16, 2, 8, 256, 511)]
    public void Equals_softmax_of_the_scores_in_double_precision_and_adds_the_token_to_the_cache(ScalarType type, int kvHeads, int group, int headDim, int? window)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (tokens, slots, heads) = (700, 6, kvHeads * group);
        var shape = new ModelShape("test", 1, heads * headDim, heads, kvHeads, headDim, 1, tokens);
        using var kernel = new DecodeAttention(new(shape, slots, tokens), type, null, CUDA);
        var keys = randn(tokens, slots, kvHeads, headDim, device: CUDA).to(type);
        var values = randn(tokens, slots, kvHeads, headDim, device: CUDA).to(type);
        var query = randn(sequences.Length, heads, headDim, device: CUDA).to(type);
        var newKeys = randn(sequences.Length, kvHeads, headDim, device: CUDA).to(type);
        var newValues = randn(sequences.Length, kvHeads, headDim, device: CUDA).to(type);
        var output = full([sequences.Length, heads * headDim], double.NaN, device: CUDA).to(type);
        var places = tensor([.. sequences.SelectMany(s => new[] { s.Slot, s.Length })]).reshape(-1, 2).cuda();

        var slabs = new DecodeAttention.Slabs(TensorAddress.Of(keys.Handle), TensorAddress.Of(values.Handle), slots);
        for (var repeat = 0; repeat < 2; repeat++)
        {
            kernel.Forward((query, 0), newKeys, newValues, slabs, (output, 0), places, sequences.Max(s => s.Length), 0.3, window);
        }

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
