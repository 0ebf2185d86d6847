using FlexGen.Engine.Kernels.Host;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache.Decoding;

/// <summary>One layer's attention of one pass, for one share of the KV cache.</summary>
/// <param name="Layer">Index j.</param>
/// <param name="MicroBatch">Index k.</param>
/// <param name="Rows">The share's rows.</param>
/// <param name="Query">[tokens, heads, headDim].</param>
/// <param name="Keys">The share's new keys as the cache keeps them: [rows, kvHeads, headDim] or, in 4 bits, [rows, bytes].</param>
/// <param name="Values">The share's new values, likewise.</param>
/// <param name="KvHeads">How many heads they have.</param>
/// <param name="Output">[tokens, heads * headDim].</param>
/// <param name="Scale">What scores are multiplied by.</param>
/// <param name="Window">How many tokens one sees; null: all before it.</param>
internal sealed record ShareAttention(
    int Layer, int MicroBatch, ShareRows Rows, Tensor Query, Tensor Keys, Tensor Values, int KvHeads, Tensor Output, double Scale, int? Window) : IDisposable
{
    /// <summary>The decoding rows' queries.</summary>
    public Tensor DecodeQuery => Query.narrow(0, Rows.FirstDecode, Rows.Decodes.Count);

    /// <summary>The decoding rows' output.</summary>
    public Tensor DecodeOutput => Output.narrow(0, Rows.FirstDecode, Rows.Decodes.Count);

    /// <summary>How the share's slabs lie in memory.</summary>
    public SlabLayout Slab => new(Rows.Slots, KvHeads, (int)Query.size(1) / KvHeads, (int)Query.size(2));

    /// <summary>Attention under way in host memory.</summary>
    public HostRun? OnHost { get; set; }

    /// <summary>Frees the keys and values, and what attention in host memory read and wrote, which must be done.</summary>
    public void Dispose()
    {
        Keys.Dispose();
        Values.Dispose();
        OnHost?.Dispose();
        OnHost = null;
    }
}
