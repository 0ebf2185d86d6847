using System.IO.MemoryMappedFiles;

namespace FlexGen.Interop;

/// <summary>A file's bytes as read-only memory: pages are read when touched, shared with the page cache and never copied.</summary>
public sealed unsafe class MemoryMap : IDisposable
{
    private const nint Page = 4096;
    private readonly MemoryMappedFile? file;
    private readonly MemoryMappedViewAccessor? view;
    private readonly byte* start;

    private MemoryMap(MemoryMappedFile? file, long length)
    {
        (this.file, Length) = (file, length);
        if (file is not null)
        {
            view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        }
    }

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>Maps a whole file.</summary>
    /// <exception cref="IOException">It cannot be opened or mapped.</exception>
    public static MemoryMap Open(string path)
    {
        var handle = File.OpenHandle(path, options: FileOptions.None);
        var length = RandomAccess.GetLength(handle);
        if (length == 0)
        {
            handle.Dispose();
            return new(null, 0);
        }

        return new(MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false), length);
    }

    /// <summary>The address of a byte, valid until the map is disposed.</summary>
    public IntPtr Address(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length);
        return (IntPtr)(start + offset);
    }

    /// <summary>Some of the bytes, valid until the map is disposed.</summary>
    public ReadOnlySpan<byte> Bytes(long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length - offset);
        return new((void*)Address(offset), count);
    }

    /// <summary>Takes some of the bytes out of this process's memory; whoever touches them again has them read again.</summary>
    public void Forget(long offset, long count)
    {
        var from = Address(offset) & ~(Page - 1);
        MemoryAdvice.Give(from, Address(offset + count) - from, MemoryAdvice.DontNeed);
    }

    public void Dispose()
    {
        if (view is { SafeMemoryMappedViewHandle.IsClosed: false })
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
        }

        file?.Dispose();
    }
}
