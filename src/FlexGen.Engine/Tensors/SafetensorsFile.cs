using System.Buffers.Binary;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tensors;

/// <summary>A safetensors file, read through a memory map.</summary>
internal sealed class SafetensorsFile : IDisposable
{
    /// <summary>What the format's own reader allows.</summary>
    private const long LongestHeader = 100_000_000;

    private readonly MemoryMap map;
    private readonly long data;

    private SafetensorsFile(string path, MemoryMap map)
    {
        (Path, this.map) = (path, map);
        GitLfs.Refuse(path, map.Bytes(0, (int)Math.Min(map.Length, GitLfs.Longest)));
        if (map.Length < sizeof(long))
        {
            throw new CheckpointException($"{path}: {map.Length} bytes is too short for a safetensors file");
        }

        var header = BinaryPrimitives.ReadUInt64LittleEndian(map.Bytes(0, sizeof(long)));
        if (header > (ulong)(map.Length - sizeof(long)) || header > LongestHeader)
        {
            throw new CheckpointException(
                $"{path}: the header is said to be {header} bytes long, in a file of {map.Length} bytes; it is no safetensors file or was cut short");
        }

        data = sizeof(long) + (long)header;
        Entries = SafetensorsHeader.Parse(path, map.Bytes(sizeof(long), (int)header).ToArray(), map.Length - data);
    }

    public string Path { get; }

    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    public static SafetensorsFile Open(string path)
    {
        MemoryMap? map = null;
        try
        {
            map = MemoryMap.Open(path);
            return new(path, map);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {exception.Message}", exception);
        }
        catch
        {
            map?.Dispose();
            throw;
        }
    }

    /// <summary>A tensor over the map, as stored. It must not be used after this file is disposed, nor written to.</summary>
    public Tensor View(SafetensorsEntry entry)
    {
        var type = SafetensorsTypes.Type(entry.Type)
            ?? throw new CheckpointException($"{Path}: tensor '{entry.Name}': element type {entry.Type} is not supported; convert it to F32, F16 or BF16");
        InitializeDeviceType(TorchSharp.DeviceType.CPU);
        return Tensor.UnsafeCreateTensor(TensorFromMemory.Create(map.Address(data + entry.Begin), entry.Shape, (int)type));
    }

    /// <summary>Some of a tensor's bytes, valid until this file is disposed.</summary>
    /// <param name="entry">The tensor.</param>
    /// <param name="offset">Bytes of it before them.</param>
    /// <param name="count">How many.</param>
    public ReadOnlySpan<byte> Bytes(SafetensorsEntry entry, long offset, int count) => map.Bytes(data + entry.Begin + offset, count);

    /// <summary>Takes a tensor's bytes out of this process's memory, until they are read again.</summary>
    public void Forget(SafetensorsEntry entry) => map.Forget(data + entry.Begin, entry.End - entry.Begin);

    /// <summary>Takes some of a tensor's bytes out of this process's memory, until they are read again.</summary>
    public void Forget(SafetensorsEntry entry, long offset, int count) => map.Forget(data + entry.Begin + offset, count);

    public void Dispose() => map.Dispose();
}
