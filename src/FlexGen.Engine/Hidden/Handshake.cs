using FlexGen.Interop;

namespace FlexGen.Engine.Hidden;

/// <summary>Has one GPU's stream wait for another's: no thread does.</summary>
internal sealed class Handshake : IDisposable
{
    private readonly Dictionary<int, CudaEvent> given = [];
    private CudaEvent? last;

    /// <summary>What a stream of the current GPU has been given so far is what the next to <see cref="Take"/> waits for.</summary>
    public void Give(CudaStream stream)
    {
        var gpu = CudaDriver.Current();
        if (!given.TryGetValue(gpu, out last))
        {
            given.Add(gpu, last = new());
        }

        stream.Record(last);
    }

    /// <summary>What a stream of the current GPU is given from now on waits for that.</summary>
    public void Take(CudaStream stream) => stream.Wait(last!);

    public void Dispose()
    {
        foreach (var mark in given.Values)
        {
            mark.Dispose();
        }
    }
}
