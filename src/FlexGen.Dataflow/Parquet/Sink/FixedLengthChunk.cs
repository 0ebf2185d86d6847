using System.Buffers.Binary;
using System.Numerics;
using Parquet.Meta;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>
/// Writes a column chunk of values of one length, which Parquet.Net writes only where it knows what they mean: one plain, uncompressed data page.
/// </summary>
internal static class FixedLengthChunk
{
    private const int Plain = 0;
    private const int RunLengths = 3;

    /// <param name="stream">Where the page goes.</param>
    /// <param name="values">The values that are not null.</param>
    /// <param name="definitions">A level per value or null.</param>
    /// <param name="maxDefinition">0 where nothing can be null.</param>
    /// <param name="repetitions">A level per value or null.</param>
    /// <param name="maxRepetition">0 where nothing repeats.</param>
    public static ColumnMetaData Write(
        Stream stream,
        ReadOnlySpan<ReadOnlyMemory<byte>> values,
        ReadOnlySpan<int> definitions,
        int maxDefinition,
        ReadOnlySpan<int> repetitions,
        int maxRepetition)
    {
        var count = maxDefinition > 0 ? definitions.Length : values.Length;
        var body = new MemoryStream();
        AddLevels(body, repetitions, maxRepetition);
        AddLevels(body, definitions, maxDefinition);
        foreach (var value in values)
        {
            body.Write(value.Span);
        }

        var start = stream.Position;
        Header(count, checked((int)body.Length)).WriteTo(stream);
        body.WriteTo(stream);
        return new ColumnMetaData
        {
            Encodings = [Encoding.PLAIN, Encoding.RLE],
            Codec = CompressionCodec.UNCOMPRESSED,
            NumValues = count,
            TotalUncompressedSize = stream.Position - start,
            TotalCompressedSize = stream.Position - start,
            DataPageOffset = start,
            Statistics = new Statistics { NullCount = maxRepetition == 0 ? count - values.Length : null },
        };
    }

    // Levels of a page of version 1: a length, then runs of a level, each of a count and the level.
    private static void AddLevels(MemoryStream body, ReadOnlySpan<int> levels, int max)
    {
        if (max == 0)
        {
            return;
        }

        var runs = new MemoryStream();
        var levelBytes = (BitOperations.Log2((uint)max) + 8) / 8;
        Span<byte> level = stackalloc byte[sizeof(int)];
        for (var at = 0; at < levels.Length;)
        {
            var length = levels[at..].IndexOfAnyExcept(levels[at]) is > 0 and var other ? other : levels.Length - at;
            AddVarint(runs, (uint)length << 1);
            BinaryPrimitives.WriteInt32LittleEndian(level, levels[at]);
            runs.Write(level[..levelBytes]);
            at += length;
        }

        BinaryPrimitives.WriteInt32LittleEndian(level, (int)runs.Length);
        body.Write(level);
        runs.WriteTo(body);
    }

    // A page header in Thrift's compact encoding: before each number how far its field is from the one before, and that it is a number.
    private static MemoryStream Header(int count, int bytes)
    {
        const int DataPage = 0;
        var header = new MemoryStream();
        AddFields(header, DataPage, bytes, bytes);
        header.WriteByte(0x2c); // Field 5, a struct.
        AddFields(header, count, Plain, RunLengths, RunLengths);
        header.Write([0, 0]);
        return header;
    }

    private static void AddFields(MemoryStream header, params ReadOnlySpan<int> numbers)
    {
        foreach (var number in numbers)
        {
            header.WriteByte(0x15);
            AddVarint(header, (uint)number << 1);
        }
    }

    private static void AddVarint(MemoryStream to, uint value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            to.WriteByte((byte)(value | 0x80));
        }

        to.WriteByte((byte)value);
    }
}
