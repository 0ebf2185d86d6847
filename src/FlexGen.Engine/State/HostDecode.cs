using FlexGen.Engine.Attention;
using FlexGen.Engine.Movement;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.State;

/// <summary>Attention of decoding sequences in host memory, beside the compute device: queries come, results go back.</summary>
internal sealed unsafe class HostDecode : IDisposable
{
    private readonly HostAttention.Shape layout;
    private readonly ScalarType type;
    private readonly CacheLanes lanes;
    private readonly HostMemory[] stagings;
    private readonly Device device;
    private int turn;

    public HostDecode(ModelShape shape, int slots, ScalarType type, Device device, CacheLanes lanes)
    {
        (this.type, this.lanes, this.device) = (type, lanes, device);
        layout = new(slots, shape.KvHeads, shape.Heads / shape.KvHeads, shape.HeadDim);
        var rowBytes = (2L * shape.Heads * shape.HeadDim * sizeof(float)) + (2L * shape.KvHeads * shape.HeadDim * DataTypes.Size(type));
        stagings = lanes.HasGpu ? [.. lanes.Attention.Select(_ => new HostMemory(slots * rowBytes, pinned: true))] : [];
    }

    /// <summary>Starts the attention of a pass's decoding sequences.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="keys">The slab of keys, in host memory; the pass's are added to it.</param>
    /// <param name="values">The slab of values, likewise.</param>
    /// <param name="present">The copy after which the slabs hold what went before; null: they do.</param>
    public void Start(PartPass pass, IntPtr keys, IntPtr values, Transfer? present)
    {
        var count = pass.Rows.Decodes.Count;
        var query = pass.DecodeQuery.to(ScalarType.Float32).contiguous().DetachFromDisposeScope();
        var newKeys = pass.Keys.narrow(0, 0, count).contiguous().DetachFromDisposeScope();
        var newValues = pass.Values.narrow(0, 0, count).contiguous().DetachFromDisposeScope();
        var result = empty([count, query.shape[1] * query.shape[2]], ScalarType.Float32, device).DetachFromDisposeScope();
        var spans = pass.Rows.Decodes.Select(d => new HostAttention.Span(d.Slot, d.First(pass.Window), d.Length)).ToArray();
        turn = (turn + 1) % lanes.Attention.Count;
        var (lane, staging) = (lanes.Attention[turn], lanes.HasGpu ? stagings[turn] : null);
        var after = lane.Mark();
        var transfer = lane.Start(
            copier =>
            {
                present?.WaitOnHost();
                copier.Flush();
                var at = staging?.Address ?? IntPtr.Zero;
                var q = Bring(copier, query, ref at);
                Scatter(Bring(copier, newKeys, ref at, flush: true), keys, pass.Rows.CacheRows, count);
                Scatter(Bring(copier, newValues, ref at, flush: true), values, pass.Rows.CacheRows, count);
                var to = TensorAddress.Of(result.Handle);
                var span = lanes.Trace?.Begin("host attention", $"{pass.Layer},{pass.MicroBatch}");
                Decode(q, keys, values, staging is null ? to : at, spans, (float)pass.Scale);
                if (span is not null)
                {
                    lanes.Trace!.End(span);
                }

                if (staging is not null)
                {
                    copier.ToCompute(to, at, Bytes(result));
                }
            },
            after);
        pass.OnHost = (transfer, after, result, [query, newKeys, newValues]);
    }

    /// <summary>Puts the result where the pass wants it.</summary>
    public static void Finish(PartPass pass)
    {
        if (pass.OnHost is { } started)
        {
            started.Transfer.WaitOnCompute();
            using var output = pass.DecodeOutput;
            output.copy_(started.Result);
        }
    }

    public void Dispose() => Array.ForEach(stagings, s => s.Dispose());

    private static long Bytes(Tensor tensor) => tensor.numel() * DataTypes.Size(tensor.dtype);

    /// <summary>A tensor's address in host memory: its own without a GPU, else in the staging memory, which it moves on in.</summary>
    private static IntPtr Bring(Copier copier, Tensor tensor, ref IntPtr at, bool flush = false)
    {
        var from = TensorAddress.Of(tensor.Handle);
        if (at == IntPtr.Zero)
        {
            return from;
        }

        var here = at;
        copier.ToHost(here, from, Bytes(tensor));
        at += (nint)Bytes(tensor);
        if (flush)
        {
            copier.Flush();
        }

        return here;
    }

    private void Scatter(IntPtr rows, IntPtr slab, long[] places, int count)
    {
        var bytes = (long)layout.KvHeads * layout.HeadDim * DataTypes.Size(type);
        for (var n = 0; n < count; n++)
        {
            Buffer.MemoryCopy((void*)(rows + (nint)(n * bytes)), (void*)(slab + (nint)(places[n] * bytes)), bytes, bytes);
        }
    }

    private void Decode(IntPtr query, IntPtr keys, IntPtr values, IntPtr output, HostAttention.Span[] spans, float scale)
    {
        if (type == ScalarType.Float32)
        {
            HostAttention.Decode((float*)query, (float*)keys, (float*)values, (float*)output, layout, spans, scale);
        }
        else if (type == ScalarType.BFloat16)
        {
            HostAttention.Decode((float*)query, (ushort*)keys, (ushort*)values, (float*)output, layout, spans, scale);
        }
        else
        {
            HostAttention.Decode((float*)query, (Half*)keys, (Half*)values, (float*)output, layout, spans, scale);
        }
    }
}
