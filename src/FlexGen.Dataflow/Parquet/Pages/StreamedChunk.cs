using System.IO.Compression;
using System.Numerics;
using FlexGen.Dataflow.Columns;
using Microsoft.Win32.SafeHandles;
using Parquet.Meta;
using ZstdSharp;
using Encoding = Parquet.Meta.Encoding;

namespace FlexGen.Dataflow.Parquet.Pages;

/// <summary>
/// A column chunk whose levels and values are decoded while its pages are decompressed, so that none is ever in memory whole: for pages that Arrow would need
/// too much memory for. Of the ways to store values it knows those that writers take by themselves.
/// </summary>
internal static class StreamedChunk
{
    private const int BufferBytes = 16 << 10;

    public static bool CanDecompress(CompressionCodec codec) => codec is CompressionCodec.UNCOMPRESSED or CompressionCodec.SNAPPY or CompressionCodec.GZIP
        or CompressionCodec.BROTLI or CompressionCodec.ZSTD;

    public static bool CanDecode(PageHeader page, PhysicalField field) => page.Type switch
    {
        PageType.DICTIONARY_PAGE => page.Encoding is Encoding.PLAIN or Encoding.PLAIN_DICTIONARY,
        PageType.DATA_PAGE or PageType.DATA_PAGE_V2 => page.Encoding is Encoding.PLAIN or Encoding.PLAIN_DICTIONARY or Encoding.RLE_DICTIONARY
            && (field.MaxRepetitionLevel == 0 || page.LevelEncodings.Repetitions == Encoding.RLE)
            && (field.MaxDefinitionLevel == 0 || page.LevelEncodings.Definitions == Encoding.RLE),
        _ => true,
    };

    /// <summary>Bytes as they come out of a codec.</summary>
    public static ByteReader Decompress(Stream stored, CompressionCodec codec) => new(
        codec switch
        {
            CompressionCodec.UNCOMPRESSED => stored,
            CompressionCodec.SNAPPY => new SnappyStream(new ByteReader(stored, BufferBytes)),
            CompressionCodec.GZIP => new GZipStream(stored, CompressionMode.Decompress),
            CompressionCodec.BROTLI => new BrotliStream(stored, CompressionMode.Decompress),
            CompressionCodec.ZSTD => new DecompressionStream(stored),
            _ => throw new NotSupportedException($"it is compressed with {codec}"),
        },
        BufferBytes);

    /// <summary>Reads values that are as Parquet has them plainly.</summary>
    public static Func<T> Numbers<T>(ByteReader bytes)
        where T : unmanaged => bytes.Read<T>;

    /// <inheritdoc cref="Numbers"/>
    public static Func<bool> Truths(ByteReader bytes)
    {
        var bits = 0;
        var left = 0;
        return () =>
        {
            (bits, left) = left > 0 ? (bits >> 1, left - 1) : (bytes.ReadByte(), 7);
            return (bits & 1) == 1;
        };
    }

    /// <inheritdoc cref="Numbers"/>
    /// <param name="bytes">Holds them.</param>
    /// <param name="length">Of each value; null where it stands before each.</param>
    /// <param name="maxBytes">A value with more is passed over.</param>
    public static Func<StreamedValue> Bytes(ByteReader bytes, int? length, long maxBytes) => () =>
    {
        var count = length ?? bytes.Read<int>();
        if (count < 0)
        {
            throw new InvalidDataException($"a value has {count} bytes");
        }

        if (count > maxBytes)
        {
            bytes.Skip(count);
            return new StreamedValue(count, ReadOnlyMemory<byte>.Empty);
        }

        var value = new byte[count];
        bytes.Read(value);
        return new StreamedValue(count, value);
    };

    /// <summary>How many bits levels take.</summary>
    public static int Bits(int max) => BitOperations.Log2((uint)max) + 1;
}

/// <inheritdoc cref="StreamedChunk"/>
/// <param name="file">The file.</param>
/// <param name="field">The leaf.</param>
/// <param name="chunk">What the footer says of the chunk.</param>
/// <param name="plain">Reads values of a page one after another, as Parquet has them plainly.</param>
/// <param name="size">A value's bytes.</param>
internal sealed class StreamedChunk<T>(SafeFileHandle file, PhysicalField field, ColumnMetaData chunk, Func<ByteReader, Func<T>> plain, Func<T, int> size)
    : IDisposable
{
    // Of what is read together: Arrow's values are where the page is, these are not.
    private const long BytesTogether = 256 << 10;

    private readonly int present = field.MaxDefinitionLevel;
    private readonly bool repeats = field.MaxRepetitionLevel > 0;
    private readonly long end = ParquetChunks.StartOf(chunk) + chunk.TotalCompressedSize;
    private long at = ParquetChunks.StartOf(chunk);
    private T[]? dictionary;
    private int levelsLeft;
    private RunLengthReader? repetitionLevels;
    private RunLengthReader? definitionLevels;
    private Func<T>? next;
    private ByteReader? decompressed;

    /// <summary>Reads some levels and the values among them.</summary>
    /// <returns>How many levels; 0 at the end.</returns>
    public int Read(int count, Span<short> definitions, Span<short> repetitions, Span<T> values)
    {
        var levels = 0;
        var found = 0;
        long bytes = 0;
        while (levels < count && bytes < BytesTogether && (levelsLeft > 0 || OpenPage()))
        {
            var definition = present > 0 ? definitions[levels] = Level(definitionLevels!, present) : 0;
            if (repeats)
            {
                repetitions[levels] = Level(repetitionLevels!, field.MaxRepetitionLevel);
            }

            if (definition == present)
            {
                bytes += size(values[found++] = next!());
            }

            levels++;
            levelsLeft--;
        }

        return levels;
    }

    public void Dispose() => decompressed?.Dispose();

    private static short Level(RunLengthReader levels, int max) =>
        levels.Next() is var level && level <= max ? (short)level : throw new InvalidDataException($"a page has a level of {level}, where "
            + $"{max} is the highest");

    private bool OpenPage()
    {
        while (at < end && levelsLeft == 0)
        {
            var page = PageHeader.Read(file, at, end) ?? throw new InvalidDataException("a page begins with what is no header");
            var body = new FileRange(file, at + page.Length, page.StoredBytes);
            at += page.Length + page.StoredBytes;
            if (at > end)
            {
                throw new InvalidDataException("a page ends behind the column's end");
            }

            switch (page.Type)
            {
                case PageType.DICTIONARY_PAGE:
                    var read = plain(Decompress(body, chunk.Codec));
                    dictionary = [.. Enumerable.Range(0, page.Values).Select(_ => read())];
                    break;
                case PageType.DATA_PAGE:
                    Open(page, Decompress(body, chunk.Codec));
                    break;
                case PageType.DATA_PAGE_V2:
                    OpenVersion2(page, body);
                    break;
            }
        }

        return levelsLeft > 0;
    }

    // Codecs have memory of their own, in which the page before is no longer wanted.
    private ByteReader Decompress(FileRange body, CompressionCodec codec)
    {
        decompressed?.Dispose();
        return decompressed = StreamedChunk.Decompress(body, codec);
    }

    private void Open(PageHeader page, ByteReader bytes)
    {
        repetitionLevels = repeats ? Levels(bytes, page.Bytes, field.MaxRepetitionLevel) : null;
        definitionLevels = present > 0 ? Levels(bytes, page.Bytes, present) : null;
        Open(page, () => bytes);
    }

    private void OpenVersion2(PageHeader page, FileRange body)
    {
        var (repetitionBytes, definitionBytes) = page.LevelBytes;
        repetitionLevels = repeats ? new RunLengthReader(new ByteReader(body.Take(repetitionBytes)), StreamedChunk.Bits(field.MaxRepetitionLevel)) : null;
        definitionLevels = present > 0 ? new RunLengthReader(new ByteReader(body.Take(definitionBytes)), StreamedChunk.Bits(present)) : null;
        Open(page, () => Decompress(body, page.IsCompressed ? chunk.Codec : CompressionCodec.UNCOMPRESSED));
    }

    // Where all is null there may be nothing to decompress, nor the number of bits.
    private void Open(PageHeader page, Func<ByteReader> values)
    {
        levelsLeft = page.Values;
        next = () => (next = page.Encoding == Encoding.PLAIN ? plain(values()) : Indexed(values()))();
    }

    private Func<T> Indexed(ByteReader bytes)
    {
        var indices = RunLengthReader.WithBits(bytes);
        var items = dictionary ?? throw new InvalidDataException("a page needs a dictionary, and there is none before it");
        return () => indices.Next() is var index && index < items.Length
            ? items[index]
            : throw new InvalidDataException($"a page has value {index} of a dictionary of {items.Length}");
    }

    private static RunLengthReader Levels(ByteReader bytes, int most, int max)
    {
        var length = bytes.Read<int>();
        if (length < 0 || length > most)
        {
            throw new InvalidDataException($"a page of {most} bytes has {length} bytes of levels");
        }

        var levels = new byte[length];
        bytes.Read(levels);
        return new RunLengthReader(new ByteReader(new MemoryStream(levels)), StreamedChunk.Bits(max));
    }
}
