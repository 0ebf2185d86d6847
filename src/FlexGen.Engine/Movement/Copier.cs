using FlexGen.Interop;

namespace FlexGen.Engine.Movement;

/// <summary>The copies a lane can make. On a GPU they are put into the lane's stream; without one they are made at once.</summary>
/// <param name="stream">The stream; null without a GPU.</param>
/// <param name="sharesLink">
/// Whether other streams copy to the GPU beside it. The link serves copies in the order in which they were asked for, so only a few
/// pieces are asked for at a time: what another stream wants does not wait for a whole layer's weights.
/// </param>
internal sealed unsafe class Copier(CudaStream? stream, bool sharesLink = false) : IDisposable
{
    /// <summary>0.1 ms of the link's time.</summary>
    private const long Piece = 4 << 20;

    private const int PiecesInFlight = 6;
    private readonly Queue<CudaEvent> pieces = new();

    /// <summary>Copies within host memory.</summary>
    public static Copier OnHost { get; } = new(null);

    /// <summary>From host memory (pinned, where there is a GPU) to the compute device.</summary>
    public void ToCompute(IntPtr to, IntPtr from, long bytes)
    {
        if (stream is null)
        {
            Buffer.MemoryCopy((void*)from, (void*)to, bytes, bytes);
        }
        else
        {
            for (var at = 0L; at < bytes; at += Piece)
            {
                stream.CopyToDevice(to + (nint)at, from + (nint)at, Math.Min(Piece, bytes - at));
                if (sharesLink)
                {
                    WaitForEarlier(stream);
                }
            }
        }
    }

    /// <summary>From the compute device to host memory.</summary>
    public void ToHost(IntPtr to, IntPtr from, long bytes)
    {
        if (stream is null)
        {
            Buffer.MemoryCopy((void*)from, (void*)to, bytes, bytes);
        }
        else if (bytes > 0)
        {
            stream.CopyToHost(to, from, bytes);
        }
    }

    /// <summary>Copies rows from where they lie one after another on the GPU to host memory, where each begins a pitch after the one before.</summary>
    public void RowsToHost(IntPtr to, long pitch, IntPtr from, long rowBytes, long rows) => stream!.CopyRowsToHost(to, pitch, from, rowBytes, rows);

    /// <summary>Blocks until the copies so far are done, so that the host can use what they brought or reuse what they read.</summary>
    public void Flush()
    {
        if (stream is not null)
        {
            using var now = new CudaEvent();
            stream.Record(now);
            now.Synchronize();
        }
    }

    public void Dispose()
    {
        foreach (var piece in pieces)
        {
            piece.Dispose();
        }
    }

    private void WaitForEarlier(CudaStream copies)
    {
        var now = pieces.Count < PiecesInFlight ? new CudaEvent(sleeps: true) : pieces.Dequeue();
        copies.Record(now);
        pieces.Enqueue(now);
        if (pieces.Count == PiecesInFlight)
        {
            pieces.Peek().Synchronize();
        }
    }
}
