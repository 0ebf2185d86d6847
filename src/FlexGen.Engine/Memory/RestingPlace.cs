using FlexGen.Interop;

namespace FlexGen.Engine.Memory;

/// <summary>Where bytes rest between uses: some of host memory, or a stretch of a file on disk.</summary>
internal sealed unsafe class RestingPlace : IDisposable
{
    private readonly HostMemory? host;
    private readonly DirectFile? file;
    private readonly long offset;

    /// <summary>In host memory.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="pinned">Whether a GPU reads it.</param>
    public RestingPlace(long bytes, bool pinned) => (Bytes, host) = (bytes, new(bytes, pinned));

    /// <summary>On disk.</summary>
    /// <param name="file">The file, which is not this place's to close.</param>
    /// <param name="offset">Where it begins there, a multiple of <see cref="DirectFile.Alignment"/>; the file has room to <see cref="DirectFile.Align"/>.</param>
    /// <param name="bytes">How many.</param>
    public RestingPlace(DirectFile file, long offset, long bytes) => (this.file, this.offset, Bytes) = (file, offset, bytes);

    public long Bytes { get; }

    public bool OnDisk => file is not null;

    /// <summary>Its address; only in host memory.</summary>
    public IntPtr Address => host!.Address;

    /// <summary>Brings some bytes to the compute device, on a lane's thread.</summary>
    /// <param name="copier">The lane's.</param>
    /// <param name="start">The first, a multiple of <see cref="DirectFile.Alignment"/>.</param>
    /// <param name="to">Where it goes on the compute device, or in host memory when the attention is to run there.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="staging">Pinned memory for what comes from a file to a GPU; null: it is read to where it is wanted.</param>
    public void Read(Copier copier, long start, IntPtr to, long bytes, HostMemory? staging)
    {
        if (host is not null)
        {
            copier.ToCompute(to, host.Address + (nint)start, bytes);
        }
        else
        {
            copier.ToCompute(to, file!, offset + start, bytes, staging);
        }
    }

    /// <summary>Takes the first bytes home from the compute device, on a lane's thread.</summary>
    /// <param name="copier">The lane's.</param>
    /// <param name="from">Where they are.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="staging">Memory that they go through on their way to a file, pinned where there is a GPU.</param>
    public void Write(Copier copier, IntPtr from, long bytes, HostMemory? staging) => Fill(0, bytes, staging, (at, to, length) =>
    {
        copier.ToHost(to, from + (nint)at, length);
        if (OnDisk)
        {
            copier.Flush();
        }
    });

    /// <summary>Fills some bytes with what is made in host memory: where they rest, or piece by piece on the way to the file.</summary>
    /// <param name="start">The first, a multiple of <see cref="DirectFile.Alignment"/>.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="staging">Memory that they go through on their way to a file.</param>
    /// <param name="make">Makes a piece: how many bytes come before it, where it goes, and its bytes.</param>
    public void Fill(long start, long bytes, HostMemory? staging, Action<long, IntPtr, long> make)
    {
        if (host is not null)
        {
            make(0, host.Address + (nint)start, bytes);
            return;
        }

        for (var at = 0L; at < bytes; at += staging.Bytes)
        {
            var length = Math.Min(staging!.Bytes, bytes - at);
            make(at, staging.Address, length);
            file!.Write(offset + start + at, staging.Address, DirectFile.Align(length));
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
