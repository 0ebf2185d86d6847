using FlexGen.Interop;
using Microsoft.Win32.SafeHandles;

namespace FlexGen.Engine.Conversion;

/// <summary>Writes shards piece by piece, and knows those again that were written before.</summary>
/// <param name="folder">Where they are.</param>
/// <param name="wrote">Told of bytes that were written.</param>
/// <param name="cancellation">Stops between two pieces.</param>
internal sealed unsafe class ShardFiles(OutputFolder folder, Action<long> wrote, CancellationToken cancellation) : IDisposable
{
    private const int PieceBytes = 32 << 20;

    /// <summary>Bytes at each end of a tensor by which a shard is known again.</summary>
    private const int Sample = 1 << 16;

    private readonly HostMemory piece = new(PieceBytes, pinned: false);

    /// <summary>Writes a shard.</summary>
    /// <exception cref="CheckpointException">A tensor cannot be read, or has a number that is none.</exception>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public void Write(Shard shard) => folder.Write(shard.Name, file =>
    {
        RandomAccess.Write(file, shard.Header, 0);
        long at = shard.Header.Length;
        foreach (var tensor in shard.Tensors)
        {
            for (long start = 0, length; start < tensor.Bytes; start += length, at += length)
            {
                cancellation.ThrowIfCancellationRequested();
                length = Math.Min(PieceBytes, tensor.Bytes - start);
                tensor.Read(start, piece.Address, length);
                RandomAccess.Write(file, new ReadOnlySpan<byte>((void*)piece.Address, (int)length), at);
                wrote(length);
            }
        }
    });

    /// <summary>Whether a shard is there: whole, of these tensors, and at both ends of each as it would be written now.</summary>
    /// <exception cref="CheckpointException">Another is there under its name.</exception>
    public bool IsThere(Shard shard)
    {
        if (!folder.Has(shard.Name))
        {
            return false;
        }

        using var file = folder.Open(shard.Name);
        var isSame = RandomAccess.GetLength(file) == shard.Bytes && Read(file, 0, shard.Header.Length).AsSpan().SequenceEqual(shard.Header);
        long at = shard.Header.Length;
        foreach (var tensor in shard.Tensors.TakeWhile(_ => isSame))
        {
            var length = (int)Math.Min(Sample, tensor.Bytes);
            isSame = IsSame(file, at, tensor, 0, length) && IsSame(file, at, tensor, tensor.Bytes - length, length);
            at += tensor.Bytes;
        }

        return isSame ? true : throw folder.Other(shard.Name);
    }

    public void Dispose() => piece.Dispose();

    private static byte[] Read(SafeFileHandle file, long at, int length)
    {
        var bytes = new byte[length];
        return RandomAccess.Read(file, bytes, at) == length ? bytes : [];
    }

    private bool IsSame(SafeFileHandle file, long begin, OutputTensor tensor, long start, int length)
    {
        if (length == 0)
        {
            return true;
        }

        tensor.Read(start, piece.Address, length);
        return Read(file, begin + start, length).AsSpan().SequenceEqual(new((void*)piece.Address, length));
    }
}
