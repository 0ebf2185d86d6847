using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Tensors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache.Decoding;

/// <summary>Decoding by the processor, over slabs in host memory.</summary>
internal sealed class HostDecode : IDecodeAttention
{
    public void Prepare(ShareRows rows)
    {
    }

    public void Forward(ShareAttention attention, Tensor keys, Tensor values)
    {
        using var rows = OnCpu(attention);
        Work(attention, rows, keys.Address(), values.Address())();
        rows.Deliver();
    }

    /// <summary>The rows where a CPU computes: the layer's own tensors, as far as they are of the type and laid out that way.</summary>
    public static HostRows OnCpu(ShareAttention attention)
    {
        var (count, decodes) = (attention.Rows.Decodes.Count, attention.DecodeQuery);
        var (query, output) = (Keep(decodes.to(ScalarType.Float32).contiguous()), Keep(attention.DecodeOutput));
        var (keys, values) = (Keep(attention.Keys.narrow(0, 0, count).contiguous()), Keep(attention.Values.narrow(0, 0, count).contiguous()));
        if (output.dtype == ScalarType.Float32)
        {
            return new(query.Address(), keys.Address(), values.Address(), output.Address(), () => { }, query, keys, values, output);
        }

        var result = Keep(empty_like(output, ScalarType.Float32));
        return new(query.Address(), keys.Address(), values.Address(), result.Address(), () => output.copy_(result), query, keys, values, output, result);

        static Tensor Keep(Tensor x) => x.DetachFromDisposeScope();
    }

    /// <summary>New keys or values, [rows, kvHeads, headDim], as rows of 4-bit numbers: [rows, bytes].</summary>
    public static Tensor Packed(Tensor rows)
    {
        using var from = rows.contiguous();
        var (count, kvHeads, headDim) = (rows.shape[0], (int)rows.shape[1], (int)rows.shape[2]);
        var packed = empty([count, CacheRows.RowBytes(kvHeads, headDim)], ScalarType.Byte);
        CacheRows.Pack(from.Address(), from.dtype, packed.Address(), count, kvHeads, headDim);
        return packed;
    }

    /// <summary>Bytes of keys and values that all sequences see.</summary>
    public static long BytesRead(ShareAttention attention)
    {
        var seen = attention.Rows.Decodes.Select(d => d.Sees(attention.Window));
        return 2 * attention.Keys.RowBytes() * seen.Sum(s => (long)s.End - s.First);
    }

    /// <summary>What adds each sequence's new key and value to its slot, and attends, on any thread.</summary>
    /// <param name="attention">Whose decoding rows.</param>
    /// <param name="rows">Those rows in host memory.</param>
    /// <param name="keys">The slab of keys, in host memory.</param>
    /// <param name="values">The slab of values.</param>
    public static Action Work(ShareAttention attention, HostRows rows, IntPtr keys, IntPtr values)
    {
        var (slab, type, places) = (attention.Slab, attention.Keys.dtype, attention.Rows.CacheRows.AsMemory(0, attention.Rows.Decodes.Count));
        var rowBytes = attention.Keys.RowBytes();
        return () =>
        {
            RestingPlace.Scatter(rows.Keys, keys, places.Span, rowBytes);
            RestingPlace.Scatter(rows.Values, values, places.Span, rowBytes);
            var seen = attention.Rows.Decodes.Select(d => d.Sees(attention.Window)).ToArray();
            HostAttention.Decode(rows.Query, keys, values, rows.Result, type, slab, seen, (float)attention.Scale);
        };
    }
}
