using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Interop;
using FlexGen.Planning.Plans;

namespace FlexGen.Engine.Cache.Decoding;

/// <summary>Pinned memory in which a GPU's decoding rows meet attention in host memory.</summary>
/// <param name="kernels">What takes rows between the GPU and this memory.</param>
/// <param name="plan">The share whose rows they are.</param>
internal sealed class RowExchange(HostExchange kernels, CacheSharePlan plan) : IDisposable
{
    private readonly HostMemory memory = new(plan.ExchangeBytes * plan.MicroBatches, pinned: true);

    /// <summary>The rows of a layer, which the GPU has been told to put here.</summary>
    public HostRows Give(ShareAttention attention)
    {
        var count = attention.Rows.Decodes.Count;
        var keyBytes = (nint)(count * plan.Slab.RowBytes);
        var query = memory.Address + (nint)(plan.ExchangeBytes * attention.MicroBatch);
        var keys = query + (nint)(count * plan.QueryBytes);
        var (values, result) = (keys + keyBytes, keys + (2 * keyBytes));
        kernels.Give(count, attention.DecodeQuery, attention.Keys, attention.Values, (query, keys, values));
        return new(query, keys, values, result, Take);

        void Take()
        {
            using var output = attention.DecodeOutput;
            kernels.Take(result, output);
        }
    }

    public void Dispose() => memory.Dispose();
}
