using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Tests.Support;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Host;

public class HostAttentionTests
{
    [Theory]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 1e-5)]
    [InlineData(ScalarType.Float16, 1e-5)]
    public void Equals_softmax_of_the_scores_in_double_precision(ScalarType type, double tolerance)
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
        HostAttention.Decode(At(query), At(keys), At(values), At(output), type, shape, seen, 0.3f);
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
    [InlineData(256, 1)]
    [InlineData(128, 1)]
    [InlineData(128, 3)]
    [InlineData(64, 1)]
    [InlineData(64, 4)]
    [InlineData(96, 2)]
    [InlineData(80, 2)]
    [InlineData(27, 2)]
    public void Over_four_bits_equals_attention_over_the_rounded_rows_in_double_precision(int headDim, int group)
    {
        using var scope = NewDisposeScope();
        manual_seed(headDim);
        var (tokens, slots, kvHeads) = (300, 3, 5);
        var (keys, values) = (Packed(randn(tokens * slots, kvHeads, headDim)), Packed(randn(tokens * slots, kvHeads, headDim)));
        var (query, rotation) = (randn(3, kvHeads * group, headDim), PackedRows.Rotation(headDim));
        HostAttention.Seen[] seen = [new(2, 0, 290), new(0, 100, 103), new(1, 37, 300)];
        var shape = new SlabLayout(slots, kvHeads, group, headDim);
        var output = Attend<PackedSlab<PortableNibbles>>(query, keys, values, shape, seen);
        for (var n = 0; n < seen.Length; n++)
        {
            var scores = einsum("hd,thd->ht", query[n].to(ScalarType.Float64), Meant(keys, seen[n])) * 0.1;
            var expected = einsum("ht,thd->hd", scores.softmax(-1), Meant(values, seen[n]));
            Assert.InRange((expected - output[n]).abs().max().item<double>(), 0, 1e-4);
        }

        Assert.True(!Avx2Nibbles.Fit(headDim) || Attend<PackedSlab<Avx2Nibbles>>(query, keys, values, shape, seen).equal(output).all().item<bool>());
        Assert.True(!Avx512Nibbles.Fit(headDim) || Attend<PackedSlab<Avx512Nibbles>>(query, keys, values, shape, seen).equal(output).all().item<bool>());

        Tensor Meant(Tensor slab, HostAttention.Seen part)
        {
            var rotated = tensor(PackedRows.Read(slab.data<byte>().ToArray(), kvHeads, headDim), tokens, slots, kvHeads, headDim);
            return matmul(rotated[TensorIndex.Slice(part.First, part.End), part.Slot], rotation).repeat_interleave(group, 1);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Over_four_bits_a_key_or_value_that_is_not_finite_gives_its_head_nothing_finite_and_no_other_suffers(bool isKey)
    {
        using var scope = NewDisposeScope();
        var (keys, values, query) = (randn(20, 2, 64), randn(20, 2, 64), randn(1, 2, 64));
        (isKey ? keys : values)[4, 0, 3] = float.NaN;
        var (packedKeys, packedValues) = (Packed(keys), Packed(values));
        var shape = new SlabLayout(Slots: 1, KvHeads: 2, Group: 1, HeadDim: 64);
        Check(Attend<PackedSlab<PortableNibbles>>(query, packedKeys, packedValues, shape, [new(0, 0, 20)]));
        if (Avx2Nibbles.Fit(64))
        {
            Check(Attend<PackedSlab<Avx2Nibbles>>(query, packedKeys, packedValues, shape, [new(0, 0, 20)]));
        }

        static void Check(Tensor output)
        {
            Assert.False(output[0, 0].isfinite().any().item<bool>());
            Assert.True(output[0, 1].isfinite().all().item<bool>());
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
        HostAttention.Decode<PlainSlab<float>>((float*)At(query), (byte*)At(keys), (byte*)At(values), (float*)At(all), shape, seen, 0.3f);
        HostAttention.Decode<PlainSlab<float>>(
            (float*)At(query), (byte*)At(keys), (byte*)At(values), (float*)At(found), shape, seen, 0.3f, partialElements);
        Assert.True(found.equal(all).all().item<bool>());
    }

    private static unsafe Tensor Attend<TKind>(Tensor query, Tensor keys, Tensor values, SlabLayout layout, HostAttention.Seen[] seen)
        where TKind : struct, ISlabKind
    {
        var output = zeros_like(query);
        HostAttention.Decode<TKind>((float*)At(query), (byte*)At(keys), (byte*)At(values), (float*)At(output), layout, seen, 0.1f);
        return output;
    }

    private static Tensor Packed(Tensor rows)
    {
        var (kvHeads, headDim) = ((int)rows.shape[1], (int)rows.shape[2]);
        var packed = zeros(rows.shape[0], CacheRows.RowBytes(kvHeads, headDim), ScalarType.Byte);
        CacheRows.Pack(At(rows), rows.dtype, At(packed), rows.shape[0], kvHeads, headDim);
        return packed;
    }

    private static IntPtr At(Tensor tensor) => TensorAddress.Of(tensor.Handle);
}
