using System.Buffers.Binary;
using FlexGen.Engine.Tensors;
using FlexGen.Files;
using FlexGen.Interop;
using Microsoft.Win32.SafeHandles;
using static TorchSharp.torch;

namespace FlexGen.Engine.Checkpoints.Safetensors;

/// <summary>
/// A safetensors file. Its bytes are copied where they are wanted: memory that is mapped to a file is whatever the file is later, and
/// gone with a SIGBUS when it becomes shorter.
/// </summary>
internal sealed unsafe class SafetensorsFile : IDisposable
{
    /// <summary>What the format's own reader allows.</summary>
    private const long LongestHeader = 100_000_000;

    /// <summary>Bytes of one request.</summary>
    private const int Request = 4 << 20;

    private readonly SafeFileHandle file;
    private readonly long data;

    private SafetensorsFile(string path, SafeFileHandle file)
    {
        (Path, this.file) = (path, file);
        var length = RandomAccess.GetLength(file);
        GitLfs.Refuse(path, Bytes(0, (int)Math.Min(length, GitLfs.Longest)));
        if (length < sizeof(long))
        {
            throw new CheckpointException($"{path}: {length} bytes is too short for a safetensors file");
        }

        var header = BinaryPrimitives.ReadUInt64LittleEndian(Bytes(0, sizeof(long)));
        if (header > (ulong)(length - sizeof(long)) || header > LongestHeader)
        {
            throw new CheckpointException(
                $"{path}: the header is said to be {header} bytes long, in a file of {length} bytes; it is no safetensors file or was cut short");
        }

        data = sizeof(long) + (long)header;
        Entries = SafetensorsHeader.Parse(path, Bytes(sizeof(long), (int)header), length - data, out var metadata);
        Metadata = metadata;
    }

    public string Path { get; }

    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    /// <summary>What the file says of itself.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    public static SafetensorsFile Open(string path)
    {
        SafeFileHandle? file = null;
        try
        {
            file = RegularFile.Open(path);
            return new(path, file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw new CheckpointException($"{path}: cannot be read: {exception.Message}", exception);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    /// <summary>A tensor as stored, in memory of its own.</summary>
    public Tensor Load(SafetensorsEntry entry)
    {
        var type = SafetensorsTypes.Type(entry.Type)
            ?? throw new CheckpointException($"{Path}: tensor '{entry.Name}': element type {entry.Type} is not supported; convert it to F32, F16 or BF16");
        var tensor = empty(entry.Shape, type);
        Read(entry, 0, tensor.Address(), tensor.ByteCount());
        return tensor;
    }

    /// <summary>Copies some of a tensor's bytes, several requests at a time.</summary>
    /// <param name="entry">The tensor.</param>
    /// <param name="start">The first byte, counted from the tensor's.</param>
    /// <param name="to">Where to, in host memory.</param>
    /// <param name="bytes">How many.</param>
    /// <exception cref="CheckpointException">They are not there any more, or cannot be read.</exception>
    public void Read(SafetensorsEntry entry, long start, IntPtr to, long bytes)
    {
        Reading(entry, () => DirectFile.InParallel((int)((bytes + Request - 1) / Request), n =>
        {
            var at = (long)n * Request;
            Read(new((byte*)to + at, (int)Math.Min(Request, bytes - at)), data + entry.Begin + start + at);
        }));
    }

    /// <summary>Copies some of a tensor's bytes, as many as there is room for.</summary>
    /// <inheritdoc cref="Read(SafetensorsEntry, long, IntPtr, long)"/>
    public void Read(SafetensorsEntry entry, long start, Memory<byte> to) => Reading(entry, () => Read(to.Span, data + entry.Begin + start));

    public void Dispose() => file.Dispose();

    private void Reading(SafetensorsEntry entry, Action read)
    {
        try
        {
            read();
        }
        catch (IOException exception)
        {
            throw new CheckpointException($"{Path}: tensor '{entry.Name}' cannot be read: {exception.Message}", exception);
        }
    }

    private byte[] Bytes(long offset, int count)
    {
        var bytes = new byte[count];
        Read(bytes, offset);
        return bytes;
    }

    private void Read(Span<byte> to, long offset)
    {
        while (to.Length > 0)
        {
            var read = RandomAccess.Read(file, to, offset);
            if (read == 0)
            {
                throw new CheckpointException($"{Path}: it ends at byte {offset}, but it was longer when it was opened; start again when it is complete");
            }

            to = to[read..];
            offset += read;
        }
    }
}
