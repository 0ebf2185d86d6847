using FlexGen.Interop;

namespace FlexGen.Engine.Memory;

/// <summary>Where one slab of keys or values, or one micro-batch's hidden states, rest: in host memory or on disk.</summary>
internal sealed unsafe class SlabHome : IDisposable
{
    private readonly HostMemory? host;
    private readonly DirectFile? file;
    private readonly long offset;

    /// <param name="bytes">Its size.</param>
    /// <param name="pinned">Whether a GPU reads it; only for host memory.</param>
    /// <param name="file">Where it rests on disk; null: it rests in host memory.</param>
    /// <param name="offset">Where it begins in the file, a multiple of <see cref="DirectFile.Alignment"/>.</param>
    public SlabHome(long bytes, bool pinned, DirectFile? file, long offset)
    {
        (this.file, this.offset) = (file, offset);
        host = file is null ? new(bytes, pinned) : null;
    }

    public bool OnDisk => file is not null;

    /// <summary>Its address; only in host memory.</summary>
    public IntPtr Address => host!.Address;

    /// <summary>Brings the first bytes to the compute device, on a lane's thread.</summary>
    /// <param name="copier">The lane's.</param>
    /// <param name="to">Where on the compute device, or in host memory when the attention is to run there.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="staging">Pinned memory for what comes from a file to a GPU; null: it is read to where it is wanted.</param>
    public void ReadPrefix(Copier copier, IntPtr to, long bytes, HostMemory? staging)
    {
        if (host is not null)
        {
            copier.ToCompute(to, host.Address, bytes);
        }
        else
        {
            copier.ToCompute(to, file!, offset, bytes, staging);
        }
    }

    /// <summary>Takes the first bytes home from the compute device, on a lane's thread.</summary>
    /// <param name="copier">The lane's.</param>
    /// <param name="from">Where they are.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="staging">Memory that they go through on their way to a file, pinned where there is a GPU.</param>
    public void WritePrefix(Copier copier, IntPtr from, long bytes, HostMemory? staging)
    {
        if (host is not null)
        {
            copier.ToHost(host.Address, from, bytes);
        }
        else
        {
            copier.ToFile(file!, offset, from, bytes, staging!);
        }
    }

    /// <summary>Writes rows that lie one after another in host memory to their places.</summary>
    /// <param name="rows">Where they are.</param>
    /// <param name="places">The place of each.</param>
    /// <param name="rowBytes">Bytes of one.</param>
    /// <param name="writer">What writes them to a file.</param>
    public void Scatter(IntPtr rows, ReadOnlySpan<long> places, long rowBytes, SlabWriter? writer)
    {
        if (file is not null)
        {
            writer!.Write(file, offset, rows, places, rowBytes);
        }
        else
        {
            Scatter(rows, host!.Address, places, rowBytes);
        }
    }

    /// <summary>Copies rows that lie one after another to their places in a slab in host memory.</summary>
    public static void Scatter(IntPtr rows, IntPtr slab, ReadOnlySpan<long> places, long rowBytes)
    {
        for (var n = 0; n < places.Length; n++)
        {
            Buffer.MemoryCopy((void*)(rows + (nint)(n * rowBytes)), (void*)(slab + (nint)(places[n] * rowBytes)), rowBytes, rowBytes);
        }
    }

    public void Dispose() => host?.Dispose();
}
