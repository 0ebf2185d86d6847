using FlexGen.Interop;
using FlexGen.Planning.Cost;

namespace FlexGen.Engine.Memory;

/// <summary>The copies a lane can make. On a GPU they are put into the lane's stream; without one they are made at once.</summary>
/// <param name="stream">The lane's; null: without a GPU.</param>
/// <param name="meter">Counts the copies that are made at once, and what is read from files; null: nothing does.</param>
internal sealed unsafe class Copier(CudaStream? stream, ResourceMeter? meter = null)
{
    /// <summary>Copies within host memory.</summary>
    public static Copier OnHost { get; } = new(null);

    /// <summary>Counts what the lane's thread itself does meanwhile; to be disposed of at its end.</summary>
    public ResourceMeter.Stretch? Begin(Resource resource, long bytes) => meter?.Begin(resource, bytes);

    /// <summary>From host memory (pinned, where there is a GPU) to the compute device.</summary>
    public void ToCompute(IntPtr to, IntPtr from, long bytes)
    {
        if (stream is null)
        {
            using var work = meter?.Begin(Resource.ToGpu, bytes);
            Buffer.MemoryCopy((void*)from, (void*)to, bytes, bytes);
        }
        else if (bytes > 0)
        {
            stream.CopyToDevice(to, from, bytes);
        }
    }

    /// <summary>From a file to the compute device.</summary>
    /// <param name="to">Where, aligned and with room to <see cref="DirectFile.Align"/> if nothing is between.</param>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where the bytes begin in it, a multiple of <see cref="DirectFile.Alignment"/>.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="staging">Memory that they go through, pinned where there is a GPU; null: they are read to where they are wanted.</param>
    public void ToCompute(IntPtr to, DirectFile file, long offset, long bytes, HostMemory? staging)
    {
        if (staging is null)
        {
            Read(file, offset, to, bytes);
            return;
        }

        // While one half of the memory is read into, the other is copied to the device, or waits for it.
        var half = staging.Bytes / 2;
        for (var (n, at) = (0, 0L); at < bytes; n++, at += half)
        {
            var (piece, length) = (staging.Address + (nint)(n % 2 * half), Math.Min(half, bytes - at));
            Read(file, offset + at, piece, length);
            if (n > 0)
            {
                Flush();
            }

            ToCompute(to + (nint)at, piece, length);
        }

        Flush();
    }

    private void Read(DirectFile file, long offset, IntPtr to, long bytes)
    {
        using var work = meter?.Begin(Resource.DiskReads, DirectFile.Align(bytes));
        file.Read(offset, to, DirectFile.Align(bytes));
    }

    /// <summary>From the compute device to host memory.</summary>
    public void ToHost(IntPtr to, IntPtr from, long bytes)
    {
        if (stream is null)
        {
            using var work = meter?.Begin(Resource.ToHost, bytes);
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
