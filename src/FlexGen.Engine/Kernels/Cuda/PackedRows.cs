using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

#pragma warning disable
internal sealed class PackedRows(ElementFormat format, ScalarType type) : IDisposable
{
    public (Tensor Keys, Tensor Values) Pack(Tensor keys, Tensor values) => throw new NotImplementedException($"{format}{type}");
    public void Dispose() { }
}
