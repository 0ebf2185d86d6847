using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Memory;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache;

/// <summary>
/// Slots whose cache rests in host memory or on disk. Either its used prefix is streamed to the compute device and attended to
/// there, or the queries come to host memory and are answered there while the compute device does something else.
/// </summary>
internal sealed class HomePart : CachePart
{
    private readonly (SlabHome Keys, SlabHome Values)[,] slabs;
    private readonly Transfer?[,] stores;
    private readonly StoreQueue storing;
    private readonly List<SlabHome> homes = [];
    private readonly List<CacheBuffer> buffers = [];
    private readonly CacheLanes lanes;
    private readonly HostDecode? onHost;
    private readonly DirectFile? file;
    private readonly long tokenBytes;
    private int turn;

    /// <param name="shape">The model.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="firstSlot">First slot of the part.</param>
    /// <param name="slots">How many.</param>
    /// <param name="type">The cache's type.</param>
    /// <param name="device">The compute device.</param>
    /// <param name="lanes">What copies.</param>
    /// <param name="kernel">What decoding attends with on a GPU; null on a CPU.</param>
    /// <param name="onHost">What decoding attends with in host memory, which the part then owns; null: it attends on the compute device.</param>
    /// <param name="diskFolder">Where a file goes when the part's home is the disk; null: host memory.</param>
    public HomePart(
        ModelShape shape, Policy policy, int firstSlot, int slots, ScalarType type, Device device, CacheLanes lanes, DecodeAttention? kernel, HostDecode? onHost,
        string? diskFolder)
        : base(firstSlot, slots, onHost is null ? kernel : null)
    {
        (this.lanes, this.onHost, storing) = (lanes, onHost, new(lanes.Stores));
        tokenBytes = (long)shape.KvHeads * shape.HeadDim * DataTypes.Size(type) * slots;
        slabs = new (SlabHome, SlabHome)[shape.DecoderLayers, policy.GpuBatchCount];
        stores = new Transfer?[shape.DecoderLayers, policy.GpuBatchCount];
        try
        {
            var slabBytes = tokenBytes * policy.SequenceLength;
            file = diskFolder is null ? null : new(diskFolder, 2 * slabs.Length * DirectFile.Align(slabBytes));
            for (var layer = 0; layer < shape.DecoderLayers; layer++)
            {
                for (var microBatch = 0; microBatch < policy.GpuBatchCount; microBatch++)
                {
                    slabs[layer, microBatch] = (Home(slabBytes), Home(slabBytes));
                }
            }

            long[] slab = [policy.SequenceLength, slots, shape.KvHeads, shape.HeadDim];
            for (var n = 0; (onHost is null || file is not null) && n < 2; n++)
            {
                buffers.Add(new(slab, type, onHost is null ? device : CPU));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override void Load(int layer, int microBatch, PartRows rows)
    {
        if (rows.Decodes.Count == 0 || buffers.Count == 0)
        {
            return;
        }

        var buffer = buffers[turn ^= 1];
        var (keys, values) = slabs[layer, microBatch];
        var stored = stores[layer, microBatch];
        var bytes = rows.Prefix * tokenBytes;
        var (staging, reader, before) = (onHost is null ? lanes.Staging : null, buffer.Reader, buffer.Arrival);
        buffer.Assign(layer, microBatch, lanes.Loads.Start(
            copier =>
            {
                stored?.WaitOnHost();
                reader?.WaitIssued();
                before?.Dispose();
                var to = onHost is null ? copier : Copier.OnHost;
                keys.ReadPrefix(to, buffer.KeyAddress, bytes, staging);
                values.ReadPrefix(to, buffer.ValueAddress, bytes, staging);
            },
            buffer.Released,
            CacheLanes.Place(layer, microBatch)));
    }

    public override void Attend(PartPass pass)
    {
        var count = pass.Rows.Decodes.Count;
        if (count == 0)
        {
            return;
        }

        var buffer = buffers.Find(b => b.Holds == (pass.Layer, pass.MicroBatch));
        if (onHost is not null)
        {
            var stored = stores[pass.Layer, pass.MicroBatch];
            var (keys, values) = buffer is null
                ? (slabs[pass.Layer, pass.MicroBatch].Keys.Address, slabs[pass.Layer, pass.MicroBatch].Values.Address)
                : (buffer.KeyAddress, buffer.ValueAddress);
            onHost.Start(pass, keys, values, buffer?.Arrival ?? stored);
            buffer?.Release(pass.OnHost!.Value.Transfer);
            return;
        }

        buffer!.Arrival!.WaitOnCompute();
        pass.Rows.Group!.Forward(pass, buffer.Keys, buffer.Values);
        buffer.Release();
    }

    public override void Finish(PartPass pass) => onHost?.Finish(pass);

    public override void Store(PartPass pass)
    {
        // Attention in host memory has written the decoding rows to a host slab itself.
        var first = onHost is not null && file is null ? pass.Rows.Decodes.Count : 0;
        var count = pass.Rows.Rows.Length - first;
        if (count == 0)
        {
            return;
        }

        var keys = pass.Keys.narrow(0, first, count).contiguous().DetachFromDisposeScope();
        var values = pass.Values.narrow(0, first, count).contiguous().DetachFromDisposeScope();
        var places = pass.Rows.CacheRows[first..];
        var home = slabs[pass.Layer, pass.MicroBatch];
        stores[pass.Layer, pass.MicroBatch] = storing.Start(
            copier =>
            {
                lanes.Scatter(copier, keys, home.Keys, places);
                lanes.Scatter(copier, values, home.Values, places);
            },
            [keys, values],
            CacheLanes.Place(pass.Layer, pass.MicroBatch));
    }

    public override void Dispose()
    {
        storing.Dispose();
        homes.ForEach(h => h.Dispose());
        file?.Dispose();
        buffers.ForEach(b => b.Dispose());
        onHost?.Dispose();
    }

    private SlabHome Home(long bytes)
    {
        homes.Add(new(bytes, lanes.HasGpu, file, homes.Count * DirectFile.Align(bytes)));
        return homes[^1];
    }
}
