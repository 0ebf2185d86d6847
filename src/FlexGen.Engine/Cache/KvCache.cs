using FlexGen.Engine.Cache.Decoding;
using FlexGen.Engine.Cache.Shares;
using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Memory;
using FlexGen.Interop;
using FlexGen.Planning;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache;

/// <summary>The KV cache, in the shares of its plan. All of it is allocated before the first token.</summary>
internal sealed class KvCache : IDisposable
{
    /// <summary>The type of slabs: bytes where they are in 4 bits.</summary>
    private readonly ScalarType type;
    private readonly Func<Tensor, Tensor, (Tensor Keys, Tensor Values)> keep = (keys, values) => (keys, values);
    private readonly Tiers tiers;
    private readonly IDecodeAttention decode = new HostDecode();
    private readonly CacheLanes? lanes;
    private readonly HostExchange? exchange;
    private readonly List<IDisposable> owned = [];
    private readonly List<CacheShare> shares = [];

    /// <param name="plan">The shares.</param>
    /// <param name="type">The type of keys and values, and of the cache unless the plan has it in 4 bits.</param>
    /// <param name="tiers">What it is placed on.</param>
    public KvCache(CachePlan plan, ScalarType type, Tiers tiers)
    {
        var packed = plan.Format.BlockElements > 1;
        (this.type, this.tiers) = (packed ? ScalarType.Byte : type, tiers);
        try
        {
            if (plan.Kernel.Slots > 0)
            {
                decode = new KernelDecode(Owned(new DecodeAttention(plan.Kernel, type, plan.Format, tiers.Device)));
            }

            if (packed)
            {
                keep = tiers.HasGpu ? Owned(new PackedRows(plan.Format, type)).Pack : (keys, values) => (HostDecode.Packed(keys), HostDecode.Packed(values));
            }

            if (plan.HasHomes)
            {
                lanes = new(plan, tiers);
                exchange = tiers.HasGpu && plan.Shares.Any(s => s.AttendsOnHost) ? Owned(new HostExchange(type)) : null;
            }

            foreach (var share in plan.Shares)
            {
                shares.Add(Share(share));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<CacheShare> Shares => shares;

    /// <summary>New keys and values, [rows, kvHeads, headDim], as the cache keeps them.</summary>
    public (Tensor Keys, Tensor Values) Kept(Tensor keys, Tensor values) => keep(keys, values);

    public void Dispose()
    {
        lanes?.Dispose();
        if (tiers.HasGpu)
        {
            // After a sweep that failed kernels of the shares may still be under way, in no lane: they are unloaded here, and use host memory.
            CudaDriver.Settle();
        }

        owned.Reverse();
        owned.ForEach(o => o.Dispose());
        owned.Clear();
    }

    private CacheShare Share(CacheSharePlan plan)
    {
        if (plan.Home == Tier.Gpu)
        {
            return new ResidentShare(plan, Owned(ResidentShare.Slabs(plan, type, tiers.Device)), decode);
        }

        var file = tiers.File(plan.FileBytes);
        var slabs = Owned(new RestingSlabs(plan, lanes!, tiers, file is null ? null : Owned(file)));
        var stream = plan.BroughtTo is { } to ? Owned(new CacheStream(plan, type, slabs, lanes!, to == Tier.Host ? CPU : tiers.Device)) : null;
        if (!plan.AttendsOnHost)
        {
            return new StreamedShare(plan, slabs, stream!, decode);
        }

        Func<ShareAttention, HostRows> give = exchange is null ? HostDecode.OnCpu : Owned(new RowExchange(exchange, plan)).Give;
        return stream is null ? new HostShareInMemory(plan, lanes!, give, slabs) : new HostShareOnDisk(plan, lanes!, give, slabs, stream);
    }

    private T Owned<T>(T made)
        where T : IDisposable
    {
        owned.Add(made);
        return made;
    }
}
