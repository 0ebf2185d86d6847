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
    private readonly ScalarType type;
    private readonly Tiers tiers;
    private readonly IDecodeAttention decode = new HostDecode();
    private readonly CacheLanes? lanes;
    private readonly HostExchange? exchange;
    private readonly List<IDisposable> owned = [];
    private readonly List<CacheShare> shares = [];

    /// <param name="plan">The shares.</param>
    /// <param name="type">The cache's type.</param>
    /// <param name="tiers">What it is placed on.</param>
    public KvCache(CachePlan plan, ScalarType type, Tiers tiers)
    {
        (this.type, this.tiers) = (type, tiers);
        try
        {
            if (plan.Kernel.Slots > 0)
            {
                decode = new KernelDecode(Owned(new DecodeAttention(plan.Kernel, type, tiers.Device)));
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
