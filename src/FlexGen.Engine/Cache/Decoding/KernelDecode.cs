using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Tensors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache.Decoding;

/// <summary>Decoding on a GPU: one kernel.</summary>
internal sealed class KernelDecode(DecodeAttention kernel) : IDecodeAttention
{
    public void Prepare(ShareRows rows) => rows.UploadSequences();

    public void Forward(ShareAttention attention, Tensor keys, Tensor values)
    {
        var (rows, slabs) = (attention.Rows, new DecodeAttention.Slabs(keys.Address(), values.Address(), (int)keys.shape[1]));
        kernel.Forward(
            (attention.Query, rows.FirstDecode), attention.Keys, attention.Values, slabs, (attention.Output, rows.FirstDecode), rows.Sequences, rows.Longest,
            attention.Scale, attention.Window);
    }
}
