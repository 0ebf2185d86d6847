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

    /// <summary>All slots at once over the used prefix; the query heads that share a key head are its rows.</summary>
    private Tensor OnDevice(Tensor rows, Tensor keys, Tensor values, double scale, int? window)
    {
        var (count, kvHeads, group, headDim) = (keys.shape[1], keys.shape[2], rows.shape[1] / keys.shape[2], keys.shape[3]);
        var query = zeros([count, kvHeads, group, headDim], rows.dtype, device);
        query.index_copy_(0, slots, rows.reshape(decodes.Count, kvHeads, group, headDim));
        var used = ScaledDotProduct.Masked(query, Prefix(keys), Prefix(values), Mask((int)count, window), scale);
        return used.index_select(0, slots).reshape(decodes.Count, -1);

        Tensor Prefix(Tensor slab) => slab.narrow(0, 0, longest).permute(1, 2, 0, 3);
    }

    private Tensor Mask(int count, int? window)
    {
        if (!masks.TryGetValue(window ?? 0, out var mask))
        {
            var visible = new bool[count * longest];
            foreach (var decode in decodes)
            {
                visible.AsSpan((decode.Slot * longest) + decode.First(window), decode.Length - decode.First(window)).Fill(true);
            }

            mask = tensor(visible).reshape(count, 1, 1, longest).to(device).DetachFromDisposeScope();
            masks.Add(window ?? 0, mask);
        }

        return mask;
    }

    private static IntPtr Address(Tensor tensor) => TensorAddress.Of(tensor.Handle);
}
