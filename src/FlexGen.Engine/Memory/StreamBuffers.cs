using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Memory;

/// <summary>Two buffers that take turns: while what is in one is used, the other is filled.</summary>
/// <typeparam name="T">What tells apart the things that they hold.</typeparam>
internal sealed class StreamBuffers<T> : IDisposable
    where T : struct, IEquatable<T>
{
    private readonly List<StreamBuffer<T>> buffers = [];
    private int turn;

    /// <param name="bytes">Bytes of each; 0: there is nothing to stream, and no buffer.</param>
    /// <param name="device">Where they are.</param>
    public StreamBuffers(long bytes, Device device)
    {
        try
        {
            for (var n = 0; bytes > 0 && n < TierPlan.StreamBuffers; n++)
            {
                buffers.Add(new(bytes, device));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The buffer that holds something, or will; null if none does.</summary>
    public StreamBuffer<T>? Find(T what) => buffers.Find(b => what.Equals(b.Holds));

    /// <summary>The buffer whose turn it is, which will hold something.</summary>
    public StreamBuffer<T> Next(T what)
    {
        var buffer = buffers[turn ^= 1];
        buffer.Assign(what);
        return buffer;
    }

    public void Dispose() => buffers.ForEach(b => b.Dispose());
}
