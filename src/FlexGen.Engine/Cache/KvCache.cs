using FlexGen.Engine.Cache.Decoding;
using FlexGen.Engine.Cache.Shares;
using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Tracing;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache;

/// <summary>
/// The KV cache: each micro-batch's slots, cut into shares by where the policy has them rest and attended to. All of it is allocated before
/// the first token.
/// </summary>
internal sealed class KvCache : IDisposable
{
    private readonly ModelShape shape;
    private readonly Policy policy;
    private readonly ScalarType type;
    private readonly Device device;
    private readonly IDecodeAttention decode = new HostDecode();
    private readonly CacheLanes? lanes;
    private readonly HostExchange? exchange;
    private readonly List<IDisposable> owned = [];
    private readonly List<CacheShare> shares = [];
    private int slots;

    public KvCache(ModelShape shape, Policy policy, ScalarType type, Device device, string diskFolder, Trace? trace)
    {
        (this.shape, this.policy, this.type, this.device) = (shape, policy, type, device);
        var (gpu, host, disk) = policy.Cache.Split(policy.GpuBatchSize);
        var onCompute = Math.Max(gpu, Math.Max(policy.BroughtToGpu(host), policy.BroughtToGpu(disk)));
        var hasGpu = ComputeMemory.Gpu(device) is not null;
        try
        {
            if (hasGpu && onCompute > 0)
            {
                decode = new KernelDecode(Owned(new DecodeAttention(shape, onCompute, policy.SequenceLength, type, device)));
            }

            if (host + disk > 0)
            {
                lanes = new(device, disk > 0, trace);
                exchange = hasGpu && policy.BroughtToGpu(host) + policy.BroughtToGpu(disk) < host + disk ? Owned(new HostExchange(type)) : null;
            }

            Add(gpu, share => new ResidentShare(share, Owned(ResidentShare.Slabs(share, device)), decode));
            AddResting(host, null);
            AddResting(disk, diskFolder);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<CacheShare> Shares => shares;

    /// <summary>Bytes of the cache of some slots.</summary>
    /// <param name="shape">The model.</param>
    /// <param name="slots">Of all micro-batches.</param>
    /// <param name="sequenceLength">Tokens a slot has room for.</param>
    /// <param name="type">The type of its elements.</param>
    public static long Bytes(ModelShape shape, long slots, long sequenceLength, ScalarType type) =>
        shape.KvElementsPerToken * slots * sequenceLength * DataTypes.Size(type);

    public void Dispose()
    {
        lanes?.Dispose();
        if (ComputeMemory.Gpu(device) is not null)
        {
            // After a sweep that failed kernels of the shares may still be under way, in no lane: they are unloaded here, and use host memory.
            CudaDriver.Settle();
        }

        owned.Reverse();
        owned.ForEach(o => o.Dispose());
        owned.Clear();
    }

    /// <summary>Slots whose home is a file in a folder, or host memory: some are attended to there, the others brought to the compute device.</summary>
    private void AddResting(int count, string? folder)
    {
        var onHost = count - policy.BroughtToGpu(count);
        Add(onHost, share =>
        {
            var slabs = Slabs(share, folder);
            Func<ShareAttention, HostRows> give = exchange is null
                ? HostDecode.OnCpu
                : Owned(new RowExchange(exchange, shape, share.Slots, policy.GpuBatchCount, type)).Give;
            return folder is null
                ? new HostShareInMemory(share, lanes!, give, slabs)
                : new HostShareOnDisk(share, lanes!, give, slabs, Owned(new CacheStream(share, slabs, lanes!, CPU)));
        });
        Add(count - onHost, share =>
        {
            var slabs = Slabs(share, folder);
            return new StreamedShare(share, slabs, Owned(new CacheStream(share, slabs, lanes!, device)), decode);
        });
    }

    private RestingSlabs Slabs(ShareShape share, string? folder)
    {
        var file = folder is null ? null : Owned(new DirectFile(folder, RestingSlabs.FileBytes(share)));
        return Owned(new RestingSlabs(share, lanes!, file));
    }

    /// <summary>A share of the next slots, if they are any.</summary>
    private void Add(int count, Func<ShareShape, CacheShare> make)
    {
        if (count > 0)
        {
            shares.Add(make(new(shape, policy, slots, count, type)));
            slots += count;
        }
    }

    private T Owned<T>(T made)
        where T : IDisposable
    {
        owned.Add(made);
        return made;
    }
}
