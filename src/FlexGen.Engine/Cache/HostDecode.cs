using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache;

/// <summary>Attention of decoding sequences in host memory, beside the compute device: queries come, results go back.</summary>
internal sealed class HostDecode : IDisposable
{
    private readonly SlabLayout layout;
    private readonly ScalarType type;
    private readonly CacheLanes lanes;
    private readonly HostExchange? exchange;
    private readonly HostMemory staging;
    private readonly long stagingBytes;
    private int turn;

    /// <param name="shape">The model.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="slots">Most sequences of a pass.</param>
    /// <param name="type">The cache's type.</param>
    /// <param name="lanes">Whose threads attend.</param>
    /// <param name="exchange">What takes rows between a GPU and host memory; null without one.</param>
    public HostDecode(ModelShape shape, Policy policy, int slots, ScalarType type, CacheLanes lanes, HostExchange? exchange)
    {
        (this.type, this.lanes, this.exchange) = (type, lanes, exchange);
        layout = new(slots, shape.KvHeads, shape.Heads / shape.KvHeads, shape.HeadDim);
        // A piece for each micro-batch: the GPU reads a result when it gets there, after the next micro-batch's queries have come.
        stagingBytes = exchange is null ? 0 : DirectFile.Align(RowBytes(shape, type) * slots);
        staging = new(stagingBytes * policy.GpuBatchCount, pinned: true);
    }

    private long QueryBytes => (long)layout.KvHeads * layout.Group * layout.HeadDim * sizeof(float);

    private long KeyBytes => (long)layout.KvHeads * layout.HeadDim * DataTypes.Size(type);

    /// <summary>Pinned memory that one sequence takes: query, key, value and result.</summary>
    public static long RowBytes(ModelShape shape, ScalarType type) =>
        2L * shape.HeadDim * ((shape.Heads * sizeof(float)) + (shape.KvHeads * DataTypes.Size(type)));

    /// <summary>Starts the attention of a pass's decoding sequences.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="keys">The slab of keys, in host memory; the pass's are added to it.</param>
    /// <param name="values">The slab of values, likewise.</param>
    /// <param name="present">The copy after which the slabs hold what went before; null: they do.</param>
    public void Start(PartPass pass, IntPtr keys, IntPtr values, Transfer? present)
    {
        var count = pass.Rows.Decodes.Count;
        var tensors = exchange is null ? OnCpu(pass) : [];
        var rows = exchange is null
            ? new Rows(tensors[0].Address(), tensors[1].Address(), tensors[2].Address(), tensors[3].Address())
            : Staged(staging.Address + (nint)(stagingBytes * pass.MicroBatch), count);
        exchange?.Give(count, pass.DecodeQuery, pass.Keys, pass.Values, (rows.Query, rows.Keys, rows.Values));
        var place = CacheLanes.Place(pass.Layer, pass.MicroBatch);
        turn = (turn + 1) % lanes.Attention.Count;
        var transfer = lanes.Attention[turn].StartAfterCompute(_ =>
        {
            present?.WaitOnHost();
            SlabHome.Scatter(rows.Keys, keys, pass.Rows.CacheRows.AsSpan(0, count), KeyBytes);
            SlabHome.Scatter(rows.Values, values, pass.Rows.CacheRows.AsSpan(0, count), KeyBytes);
            var span = lanes.Trace?.Begin("host attention", $"host attention {place.Layer},{place.Part}");
            HostAttention.Decode(rows.Query, keys, values, rows.Result, type, layout, [.. pass.Rows.Decodes.Select(d => d.Sees(pass.Window))], (float)pass.Scale);
            if (span is not null)
            {
                lanes.Trace!.End(span);
            }
        }, place);
        pass.OnHost = (transfer, tensors, rows.Result);
    }

    /// <summary>Puts the result where the pass wants it.</summary>
    public void Finish(PartPass pass)
    {
        if (pass.OnHost is { } started)
        {
            started.Transfer.WaitIssued();
            using var output = pass.DecodeOutput;
            if (exchange is null)
            {
                output.copy_(started.Tensors[^1]);
            }
            else
            {
                exchange.Take(started.Result, output);
            }
        }
    }

    public void Dispose() => staging.Dispose();

    /// <summary>The rows, and room for the result, as tensors in host memory.</summary>
    private static Tensor[] OnCpu(PartPass pass)
    {
        var (count, query) = (pass.Rows.Decodes.Count, pass.DecodeQuery);
        Tensor[] tensors =
        [
            query.to(ScalarType.Float32).contiguous(),
            pass.Keys.narrow(0, 0, count).contiguous(),
            pass.Values.narrow(0, 0, count).contiguous(),
            empty([count, query.shape[1] * query.shape[2]], ScalarType.Float32),
        ];
        return Array.ConvertAll(tensors, t => t.DetachFromDisposeScope());
    }

    private Rows Staged(IntPtr at, int count)
    {
        var keys = at + (nint)(QueryBytes * count);
        var values = keys + (nint)(KeyBytes * count);
        return new(at, keys, values, values + (nint)(KeyBytes * count));
    }

    /// <summary>Addresses in host memory: [sequences, heads, headDim] float32, twice [sequences, kvHeads, headDim], and the result like the query.</summary>
    private readonly record struct Rows(IntPtr Query, IntPtr Keys, IntPtr Values, IntPtr Result);
}
