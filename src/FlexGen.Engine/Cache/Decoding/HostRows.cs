using static TorchSharp.torch;

namespace FlexGen.Engine.Cache.Decoding;

/// <summary>What the decoding sequences of one layer's attention bring to host memory, and room for the result: all by address.</summary>
/// <param name="query">[sequences, heads, headDim], float32.</param>
/// <param name="keys">[sequences, kvHeads, headDim].</param>
/// <param name="values">The same.</param>
/// <param name="result">Like the query.</param>
/// <param name="deliver">Puts the result where the layer wants it, once it is there.</param>
/// <param name="kept">What lies at the addresses, for the rows to free.</param>
internal sealed class HostRows(IntPtr query, IntPtr keys, IntPtr values, IntPtr result, Action deliver, params IReadOnlyList<Tensor> kept) : IDisposable
{
    public IntPtr Query => query;

    public IntPtr Keys => keys;

    public IntPtr Values => values;

    public IntPtr Result => result;

    public void Deliver() => deliver();

    public void Dispose()
    {
        foreach (var tensor in kept)
        {
            tensor.Dispose();
        }
    }
}
