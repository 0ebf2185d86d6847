using FlexGen.Engine.Memory;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache;

/// <summary>One layer's attention of one pass, for one part of the KV cache.</summary>
/// <param name="Layer">The attention layer.</param>
/// <param name="MicroBatch">Index k.</param>
/// <param name="Rows">The part's rows.</param>
/// <param name="Query">[tokens, heads, headDim].</param>
/// <param name="Keys">The part's new keys, [rows, kvHeads, headDim].</param>
/// <param name="Values">The part's new values, likewise.</param>
/// <param name="Output">[tokens, heads * headDim].</param>
/// <param name="Scale">What scores are multiplied by.</param>
/// <param name="Window">How many tokens one sees; null: all before it.</param>
internal sealed record PartPass(
    int Layer, int MicroBatch, PartRows Rows, Tensor Query, Tensor Keys, Tensor Values, Tensor Output, double Scale, int? Window) : IDisposable
{
    /// <summary>The decoding rows' queries.</summary>
    public Tensor DecodeQuery => Query.narrow(0, Rows.FirstDecode, Rows.Decodes.Count);

    /// <summary>The decoding rows' output.</summary>
    public Tensor DecodeOutput => Output.narrow(0, Rows.FirstDecode, Rows.Decodes.Count);

    /// <summary>Attention under way in host memory, the tensors that it reads and writes without a GPU, and where its result will be.</summary>
    public (Transfer Transfer, Tensor[] Tensors, IntPtr Result)? OnHost { get; set; }

    /// <summary>Frees the keys and values, and what attention in host memory read and wrote, which must be done.</summary>
    public void Dispose()
    {
        Keys.Dispose();
        Values.Dispose();
        if (OnHost is { } started)
        {
            Array.ForEach(started.Tensors, t => t.Dispose());
            started.Transfer.Dispose();
            OnHost = null;
        }
    }
}
