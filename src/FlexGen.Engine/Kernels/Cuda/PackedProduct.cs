#pragma warning disable
using FlexGen.Engine.Quantization;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

internal sealed class PackedProduct(ScalarType type, Device device) : IDisposable
{
    public int MostRows => 256;
    public void Forward(Tensor x, PackedWeight weight, Tensor? bias, Tensor output) => throw new NotImplementedException($"{type}{device}");
    public void Unpack(PackedWeight weight, long first, Tensor to) => throw new NotImplementedException();
    public void Dispose() { }
}
