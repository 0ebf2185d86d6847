using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Host;

internal static class CacheRows
{
    public static (Tensor Keys, Tensor Values) Pack(Tensor keys, Tensor values) => throw new NotImplementedException();
}
