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

    /// <summary>The rows where a CPU computes: keys and values in their places, queries and results, too, where they are of the type.</summary>
    public static unsafe HostRows OnCpu(ShareAttention attention)
    {
        var (rows, width) = (attention.Rows.Decodes.Count, attention.Query.size(1) * attention.Query.size(2));
        var (first, elements) = (attention.Rows.FirstDecode * width, rows * width);
        List<Tensor> kept = [];
        var (query, keys, values) = (Laid(attention.Query), Laid(attention.Keys).Address(), Laid(attention.Values).Address());
        var (from, to) = (query.Address(), attention.Output.Address());
        if (query.dtype == ScalarType.Float32)
        {
            // The layer frees its queries before a lane may have read them.
            kept.Add(query.alias().DetachFromDisposeScope());
            return new((nint)((float*)from + first), keys, values, (nint)((float*)to + first), () => { }, kept);
        }

        kept.Add(empty([2, elements], ScalarType.Float32).DetachFromDisposeScope());
        var (wide, isHalf) = (kept[^1].Address(), query.dtype == ScalarType.Float16);
        var results = (nint)((float*)wide + elements);
        if (isHalf)
        {
            HostElementwise.Widen((Half*)from + first, (float*)wide, elements);
        }
        else
        {
            HostElementwise.Widen((ushort*)from + first, (float*)wide, elements);
        }

        return new(wide, keys, values, results, Deliver, kept);

        void Deliver()
        {
            if (isHalf)
            {
                HostElementwise.Narrow((float*)results, (Half*)to + first, elements);
            }
            else
            {
                HostElementwise.Narrow((float*)results, (ushort*)to + first, elements);
            }
        }

        Tensor Laid(Tensor x)
        {
            if (x.is_contiguous())
            {
                return x;
            }

            kept.Add(x.contiguous().DetachFromDisposeScope());
            return kept[^1];
        }
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
