using FlexGen.Interop;

namespace FlexGen.Engine.Movement;

/// <summary>The copies a lane can make. On a GPU they are put into the lane's stream; without one they are made at once.</summary>
internal sealed unsafe class Copier(CudaStream? stream)
{
    /// <summary>Copies within host memory.</summary>
    public static Copier OnHost { get; } = new(null);

    /// <summary>From host memory (pinned, where there is a GPU) to the compute device.</summary>
    public void ToCompute(IntPtr to, IntPtr from, long bytes)
    {
        if (stream is null)
        {
            Buffer.MemoryCopy((void*)from, (void*)to, bytes, bytes);
        }
        else if (bytes > 0)
        {
            stream.CopyToDevice(to, from, bytes);
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
}
