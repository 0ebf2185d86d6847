using FlexGen.Engine.State;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Attention;

/// <summary>The decoding sequences of one micro-batch: one row each, the first rows of the hidden states.</summary>
internal sealed class DecodeGroup(IReadOnlyList<RowLayout.Decode> decodes, Device device) : IDisposable
{
    private readonly int longest = decodes.Max(d => d.Length);
    private readonly Tensor slots = tensor([.. decodes.Select(d => (long)d.Slot)]).to(device).DetachFromDisposeScope();
    private readonly Dictionary<int, Tensor> masks = [];

    /// <summary>Writes the attention of the group's rows to the first rows of the output.</summary>
    public void Forward(Tensor query, Tensor keys, Tensor values, Tensor output, double scale, int? window)
    {
        var rows = query.narrow(0, 0, decodes.Count);
        var own = output.narrow(0, 0, decodes.Count);
        if (device.type == TorchSharp.DeviceType.CPU)
        {
            OnHost(rows, keys, values, own, scale, window);
        }
        else
        {
            own.copy_(OnDevice(rows, keys, values, scale, window));
        }
    }

    public void Dispose()
    {
        slots.Dispose();
        foreach (var mask in masks.Values)
        {
            mask.Dispose();
        }
    }

    private unsafe void OnHost(Tensor rows, Tensor keys, Tensor values, Tensor output, double scale, int? window)
    {
        var shape = new HostAttention.Shape((int)keys.shape[1], (int)keys.shape[2], (int)(rows.shape[1] / keys.shape[2]), (int)keys.shape[3]);
        var spans = decodes.Select(d => new HostAttention.Span(d.Slot, d.First(window), d.Length)).ToArray();
        var query = rows.to(ScalarType.Float32).contiguous();
        var result = rows.dtype == ScalarType.Float32 ? output : empty_like(query);
        if (keys.dtype == ScalarType.Float32)
        {
            HostAttention.Decode((float*)Address(query), (float*)Address(keys), (float*)Address(values), (float*)Address(result), shape, spans, (float)scale);
        }
        else
        {
            HostAttention.Decode((float*)Address(query), (ushort*)Address(keys), (ushort*)Address(values), (float*)Address(result), shape, spans, (float)scale);
            output.copy_(result.flatten(1));
        }
    }

    /// <summary>All slots from the first to the last at once over the used prefix; the query heads that share a key head are its rows.</summary>
    private Tensor OnDevice(Tensor rows, Tensor keys, Tensor values, double scale, int? window)
    {
        var (first, count) = (decodes[0].Slot, decodes[^1].Slot - decodes[0].Slot + 1);
        var (kvHeads, group, headDim) = (keys.shape[2], rows.shape[1] / keys.shape[2], keys.shape[3]);
        var length = Math.Min(KvCache.Padded(longest), (int)keys.shape[0]);
        var query = rows.reshape(decodes.Count, kvHeads, group, headDim);
        if (count > decodes.Count)
        {
            query = zeros([count, kvHeads, group, headDim], rows.dtype, device).index_copy_(0, slots - first, query);
        }

        var (k, v) = (Prefix(keys), Prefix(values));
        var used = window is null && count == decodes.Count && decodes.All(d => d.Length == length)
            ? ScaledDotProduct.Full(query, k, v, scale)
            : ScaledDotProduct.Masked(query, k, v, Mask(first, count, length, window, query.dtype), scale);
        return (count > decodes.Count ? used.index_select(0, slots - first) : used).reshape(decodes.Count, -1);

        Tensor Prefix(Tensor slab) => slab.narrow(0, 0, length).narrow(1, first, count).permute(1, 2, 0, 3);
    }

    /// <summary>[count, 1, 1, length]: 0 where visible, else minus infinity; of the queries' type, so that no call converts it.</summary>
    private Tensor Mask(int first, int count, int length, int? window, ScalarType type)
    {
        if (!masks.TryGetValue(window ?? 0, out var mask))
        {
            var values = new float[count * length];
            Array.Fill(values, float.NegativeInfinity);
            foreach (var decode in decodes)
            {
                values.AsSpan(((decode.Slot - first) * length) + decode.First(window), decode.Length - decode.First(window)).Clear();
            }

            mask = tensor(values).reshape(count, 1, 1, length).to(type, device).DetachFromDisposeScope();
            masks.Add(window ?? 0, mask);
        }

        return mask;
    }

    private static IntPtr Address(Tensor tensor) => TensorAddress.Of(tensor.Handle);
}
