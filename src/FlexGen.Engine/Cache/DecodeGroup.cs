using FlexGen.Engine.Batch;
using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Tensors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache;

/// <summary>The decoding sequences of one micro-batch whose slots belong to one part of the KV cache: one row each.</summary>
/// <param name="decodes">Each row's slot and tokens.</param>
/// <param name="kernel">What attends on a GPU; null: they attend in host memory.</param>
/// <param name="device">The compute device.</param>
internal sealed class DecodeGroup(IReadOnlyList<RowLayout.Decode> decodes, DecodeAttention? kernel, Device device) : IDisposable
{
    private readonly int longest = decodes.Max(d => d.Length);
    private readonly Tensor? sequences = kernel is null ? null : Places(decodes).Upload(device);

    /// <summary>Adds each sequence's new key and value to its slot, and attends.</summary>
    /// <param name="pass">The pass whose rows these are.</param>
    /// <param name="keys">The slab of keys, [tokens, slots, kvHeads, headDim], on the compute device.</param>
    /// <param name="values">The slab of values.</param>
    public void Forward(PartPass pass, Tensor keys, Tensor values)
    {
        if (kernel is not null)
        {
            var slabs = new DecodeAttention.Slabs(keys.Address(), values.Address(), (int)keys.shape[1]);
            kernel.Forward((pass.Query, pass.Rows.FirstDecode), pass.Keys, pass.Values, slabs, (pass.Output, pass.Rows.FirstDecode), sequences!, longest, pass.Scale, pass.Window);
            return;
        }

        var places = pass.Rows.CacheIndex.narrow(0, 0, decodes.Count);
        keys.flatten(0, 1).index_copy_(0, places, pass.Keys.narrow(0, 0, decodes.Count));
        values.flatten(0, 1).index_copy_(0, places, pass.Values.narrow(0, 0, decodes.Count));
        OnHost(pass.DecodeQuery, keys, values, pass.DecodeOutput, pass.Scale, pass.Window);
    }

    /// <summary>Changes what a kernel that is launched later, or again, finds: each row's slot and tokens, none of more than the group was made for.</summary>
    public void Set(IReadOnlyList<RowLayout.Decode> rows) => sequences!.copy_(Places(rows));

    public void Dispose() => sequences?.Dispose();

    private static Tensor Places(IReadOnlyList<RowLayout.Decode> rows) => tensor([.. rows.SelectMany(d => new[] { d.Slot, d.Length })]).reshape(-1, 2);

    private void OnHost(Tensor rows, Tensor keys, Tensor values, Tensor output, double scale, int? window)
    {
        var shape = new SlabLayout((int)keys.shape[1], (int)keys.shape[2], (int)(rows.shape[1] / keys.shape[2]), (int)keys.shape[3]);
        var query = rows.to(ScalarType.Float32).contiguous();
        var result = rows.dtype == ScalarType.Float32 ? output : empty_like(query);
        HostAttention.Decode(query.Address(), keys.Address(), values.Address(), result.Address(), keys.dtype, shape, [.. decodes.Select(d => d.Sees(window))], (float)scale);
        if (rows.dtype != ScalarType.Float32)
        {
            output.copy_(result.flatten(1));
        }
    }
}
