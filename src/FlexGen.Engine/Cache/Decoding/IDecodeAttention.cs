using static TorchSharp.torch;

namespace FlexGen.Engine.Cache.Decoding;

/// <summary>Attention of decoding sequences on the compute device.</summary>
internal interface IDecodeAttention
{
    /// <summary>Gives the compute device what it needs of a pass's decoding rows, whatever the layer.</summary>
    void Prepare(ShareRows rows);

    /// <summary>Adds each sequence's new key and value to its slot, and attends.</summary>
    /// <param name="attention">Whose decoding rows.</param>
    /// <param name="keys">The slab of keys, [tokens, slots, kvHeads, headDim], on the compute device.</param>
    /// <param name="values">The slab of values.</param>
    void Forward(ShareAttention attention, Tensor keys, Tensor values);
}
