using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using FlexGen.Planning;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public class PackedDecodeTests(ITestOutputHelper output)
{
    private const int Tokens = 700, Slots = 6;
    private const double Scale = 0.3;
    private static readonly (int Slot, int Length)[] sequences = [(0, 1), (1, 700), (3, 257), (4, 512), (5, 30)];

    [Theory]
    [InlineData(ScalarType.Float16, 4, 1, 128, null, 128)]
    [InlineData(ScalarType.Float16, 56, 1, 128, 400, 256)]
    [InlineData(ScalarType.Float16, 8, 4, 128, null, 128)]
    [InlineData(ScalarType.BFloat16, 8, 4, 128, null, 256)]
    [InlineData(ScalarType.Float16, 8, 2, 64, 37, 512)]
    [InlineData(ScalarType.Float16, 6, 3, 64, null, 128)]
    [InlineData(ScalarType.BFloat16, 2, 8, 128, 300, 128)]
    [InlineData(ScalarType.BFloat16, 8, 8, 128, null, 256)]
    [InlineData(ScalarType.BFloat16, 1, 7, 64, null, 128)]
    [InlineData(ScalarType.Float16, 1, 16, 64, 511, 128)]
    [InlineData(ScalarType.Float16, 2, 16, 128, 17, 512)]
    [InlineData(ScalarType.Float16, 2, 12, 96, null, 128)]
    [InlineData(ScalarType.Float16, 3, 1, 80, 1, 128)]
    [InlineData(ScalarType.Float32, 2, 2, 256, null, 128)]
    [InlineData(ScalarType.Float32, 2, 1, 27, 16, 256)]
    [InlineData(ScalarType.BFloat16, 3, 2, 20, 100, 128)]
    [InlineData(ScalarType.Float16, 1, 1, 8, null, 128)]
    public void Equals_softmax_of_the_scores_in_double_precision_and_adds_the_token_to_the_cache(
        ScalarType type, int kvHeads, int group, int headDim, int? window, int chunk)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (heads, format) = (kvHeads * group, ElementFormat.Int4Heads(headDim));
        var bytes = format.Bytes(kvHeads, headDim);
        using var rows = new PackedRows(format, type);
        var plan = Enumerable.Range(0, 16).Select(n => new DecodeKernelPlan(Shape(heads, kvHeads, headDim), format, Slots << n, Tokens)).First(p => p.Chunk == chunk);
        using var kernel = new DecodeAttention(plan, type, format, CUDA);
        var cache = PackedCache.Random(rows, type, Tokens * Slots, kvHeads, headDim);
        var (keys, values) = (cache.Keys.reshape(Tokens, Slots, bytes), cache.Values.reshape(Tokens, Slots, bytes));
        var (newKeys, newValues) = PackedCache.Random(rows, type, sequences.Length, kvHeads, headDim);
        var query = randn(sequences.Length, heads, headDim, device: CUDA).to(type);
        var outputs = full([sequences.Length, heads * headDim], double.NaN, device: CUDA).to(type);
        var alone = full_like(outputs, double.NaN);
        var places = tensor([.. sequences.SelectMany(s => new[] { s.Slot, s.Length })]).reshape(-1, 2).cuda();

        var slabs = new DecodeAttention.Slabs(keys.Address(), values.Address(), Slots);
        for (var repeat = 0; repeat < 2; repeat++)
        {
            kernel.Forward((query, 0), newKeys, newValues, slabs, (outputs, 0), places, sequences.Max(s => s.Length), Scale, window);
        }

        kernel.Forward((query, 1), newKeys[1..], newValues[1..], slabs, (alone, 1), places[1..2], sequences[1].Length, Scale, window);
        Assert.True(alone[1].equal(outputs[1]).all().item<bool>());
        for (var n = 0; n < sequences.Length; n++)
        {
            var (slot, length) = sequences[n];
            Assert.True(keys[length - 1, slot].equal(newKeys[n]).all().item<bool>());
            Assert.True(values[length - 1, slot].equal(newValues[n]).all().item<bool>());
            var span = TensorIndex.Slice(Math.Max(0, length - (window ?? length)), length);
            var k = PackedCache.Unpack(keys[span, slot], format, kvHeads, headDim).Elements.repeat_interleave(group, 1);
            var v = PackedCache.Unpack(values[span, slot], format, kvHeads, headDim).Elements.repeat_interleave(group, 1);
            var scores = einsum("hd,thd->ht", PackedCache.Rotate(query[n]), k) * Scale;
            var expected = PackedCache.Rotate(einsum("ht,thd->hd", scores.softmax(-1), v)).flatten();

            // Query and weights are rounded to float16, whatever the type.
            var tolerance = type == ScalarType.BFloat16 ? 2e-2 : 4e-3;
            var worst = (expected - outputs[n]).abs().max().item<double>();
            Assert.True(worst < tolerance, $"{worst} for sequence {n}");
        }
    }

    [Theory]
    [Trait("Category", "Long")]
    [InlineData(32, 1, 40)]
    [InlineData(32, 1, 250)]
    [InlineData(56, 1, 60)]
    [InlineData(8, 4, 40)]
    [InlineData(8, 4, 250)]
    [InlineData(96, 1, 40)]
    public void Its_rate_is_told_beside_a_copy(int kvHeads, int group, int count)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        const int headDim = 128, length = 544;
        var (heads, format, type) = (kvHeads * group, ElementFormat.Int4Heads(headDim), ScalarType.Float16);
        using var rows = new PackedRows(format, type);
        using var kernel = new DecodeAttention(new(Shape(heads, kvHeads, headDim), format, count, length), type, format, CUDA);

        // Layers in turn, so that the L2 cache does not hold one's rows until it is its turn again.
        var layers = Enumerable.Range(0, 8).Select(_ => PackedCache.Random(rows, type, length * count, kvHeads, headDim)).ToArray();
        var (newKeys, newValues) = PackedCache.Random(rows, type, count, kvHeads, headDim);
        var query = randn(count, heads, headDim, device: CUDA).to(type);
        var outputs = zeros(count, heads * headDim, device: CUDA).to(type);
        var places = tensor([.. Enumerable.Range(0, count).SelectMany(slot => new[] { slot, length })]).reshape(-1, 2).cuda();
        var seconds = DeviceRate.Seconds(n =>
        {
            var (keys, values) = layers[n % layers.Length];
            kernel.Forward((query, 0), newKeys, newValues, new(keys.Address(), values.Address(), count), (outputs, 0), places, length, 0.09, null);
        });
        var read = 2.0 * count * length * format.Bytes(kvHeads, headDim);
        output.WriteLine($"{seconds * 1e6:F1} us, {read / seconds / 1e12:F2} TB/s; a copy {DeviceRate.Copy() / 1e12:F2} TB/s");
    }

    private static ModelShape Shape(int heads, int kvHeads, int headDim) => new("test", 1, heads * headDim, heads, kvHeads, headDim, 1, Tokens);
}
