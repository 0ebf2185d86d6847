using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Parquet.Pages;
using Microsoft.Win32.SafeHandles;
using Parquet.Meta;
using ParquetSharp;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>Reads a column chunk from its beginning to its end, some rows at a time, as the values are stored.</summary>
internal abstract class ChunkReader : IDisposable
{
    /// <summary>Whole rows that were read and not taken.</summary>
    public abstract int Rows { get; }

    /// <summary>How many levels are still to be read.</summary>
    public abstract long LevelsLeft { get; }

    /// <param name="group">The row group.</param>
    /// <param name="field">The leaf.</param>
    /// <param name="chunk">What the footer says of its chunk.</param>
    /// <param name="maxBytes">Of a row: one with more is left blank.</param>
    /// <param name="whole">Reads the whole chunk by other code than Arrow's.</param>
    public static ChunkReader Open(
        RowGroupReader group, PhysicalField field, ColumnMetaData chunk, long maxBytes, Func<WholeChunk<uint>> whole)
    {
        var levels = chunk.NumValues;
        if (field.ClrType == typeof(uint) && chunk.Encodings.Contains(global::Parquet.Meta.Encoding.DELTA_BINARY_PACKED))
        {
            // DuckDB writes unsigned ones as differences of more than 32 bits, which Arrow takes for damage.
            return new ChunkReader<uint, uint>(whole().Read, null, field, levels, maxBytes, _ => sizeof(uint), value => value);
        }

        var column = group.Column(field.Ordinal);
        return column switch
        {
            ColumnReader<bool> reader => Of(reader, value => value),
            ColumnReader<int> reader when field.ClrType == typeof(uint) => Of(reader, value => (uint)value),
            ColumnReader<int> reader => Of(reader, value => value),
            ColumnReader<long> reader when field.ClrType == typeof(ulong) => Of(reader, value => (ulong)value),
            ColumnReader<long> reader => Of(reader, value => value),
            ColumnReader<float> reader => Of(reader, value => value),
            ColumnReader<double> reader => Of(reader, value => value),
            ColumnReader<Int96> reader => Of(reader, value => Copy(MemoryMarshal.AsBytes([value]))),
            ColumnReader<ByteArray> reader => new ChunkReader<ByteArray, ReadOnlyMemory<byte>>(
                Batches(reader), reader, field, levels, maxBytes, value => value.Length, value => Copy(value.Pointer, value.Length)),
            ColumnReader<FixedLenByteArray> reader => new ChunkReader<FixedLenByteArray, ReadOnlyMemory<byte>>(
                Batches(reader), reader, field, levels, maxBytes, _ => field.Element.TypeLength!.Value,
                    value => Copy(value.Pointer, field.Element.TypeLength!.Value)),
            _ => throw new NotSupportedException($"Arrow reads it as {column.GetType().Name}"),
        };

        ChunkReader<TRead, T> Of<TRead, T>(ColumnReader<TRead> reader, Func<TRead, T> convert)
            where TRead : unmanaged
            where T : struct => new(Batches(reader), reader, field, levels, maxBytes, _ => Unsafe.SizeOf<TRead>(), convert);
    }

    /// <summary>Reads it without Arrow, and without having any of its pages in memory whole.</summary>
    /// <param name="file">The file.</param>
    /// <param name="field">The leaf.</param>
    /// <param name="chunk">What the footer says of its chunk.</param>
    /// <param name="maxBytes">Of a row: one with more is left blank.</param>
    public static ChunkReader Stream(SafeFileHandle file, PhysicalField field, ColumnMetaData chunk, long maxBytes)
    {
        return field.Element.Type switch
        {
            global::Parquet.Meta.Type.BOOLEAN => Of(StreamedChunk.Truths, _ => sizeof(bool), value => value),
            global::Parquet.Meta.Type.INT32 when field.ClrType == typeof(uint) => OfNumbers<uint, uint>(value => value),
            global::Parquet.Meta.Type.INT32 => OfNumbers<int, int>(value => value),
            global::Parquet.Meta.Type.INT64 when field.ClrType == typeof(ulong) => OfNumbers<ulong, ulong>(value => value),
            global::Parquet.Meta.Type.INT64 => OfNumbers<long, long>(value => value),
            global::Parquet.Meta.Type.FLOAT => OfNumbers<float, float>(value => value),
            global::Parquet.Meta.Type.DOUBLE => OfNumbers<double, double>(value => value),
            global::Parquet.Meta.Type.INT96 => OfNumbers<Int96, ReadOnlyMemory<byte>>(value => Copy(MemoryMarshal.AsBytes([value]))),
            _ => Of(bytes => StreamedChunk.Bytes(bytes, field.Element.TypeLength, maxBytes), value => value.Length, value => value.Bytes),
        };

        ChunkReader OfNumbers<TRead, T>(Func<TRead, T> convert)
            where TRead : unmanaged
            where T : struct => Of(StreamedChunk.Numbers<TRead>, _ => Unsafe.SizeOf<TRead>(), convert);

        ChunkReader Of<TRead, T>(Func<ByteReader, Func<TRead>> plain, Func<TRead, int> size, Func<TRead, T> convert)
            where TRead : struct
            where T : struct
        {
            var streamed = new StreamedChunk<TRead>(file, field, chunk, plain, size);
            return new ChunkReader<TRead, T>(streamed.Read, streamed, field, chunk.NumValues, maxBytes, size, convert);
        }
    }

    /// <summary>Reads on until there are <paramref name="rows"/> whole rows, or one at least and <paramref name="bytes"/> of them, or no more.</summary>
    /// <exception cref="InvalidDataException">The chunk ends too early.</exception>
    public abstract void Fill(int rows, long bytes);

    /// <summary>Takes the first rows that were read.</summary>
    /// <param name="rows">How many; there are that many.</param>
    /// <param name="onTooLarge">Told of each row that was left blank, and of the bytes it would have.</param>
    public abstract ColumnData Take(int rows, Action<int, long> onTooLarge);

    public abstract void Dispose();

    private static ReadLevels<TRead> Batches<TRead>(ColumnReader<TRead> reader)
        where TRead : unmanaged =>
        (count, definitions, repetitions, values) => (int)reader.ReadBatch(count, definitions, repetitions, values, out _);

    private static ReadOnlyMemory<byte> Copy(ReadOnlySpan<byte> bytes) => bytes.ToArray();

    private static ReadOnlyMemory<byte> Copy(IntPtr pointer, int length)
    {
        var bytes = new byte[length];
        if (length > 0)
        {
            Marshal.Copy(pointer, bytes, 0, length);
        }

        return bytes;
    }
}

/// <summary>Reads some levels and the values among them.</summary>
/// <returns>How many levels.</returns>
internal delegate int ReadLevels<TRead>(int count, Span<short> definitions, Span<short> repetitions, Span<TRead> values);

/// <inheritdoc/>
/// <param name="read">Reads on.</param>
/// <param name="reader">What to dispose of at the end.</param>
/// <param name="leaf">The leaf.</param>
/// <param name="levels">How many levels its chunk has.</param>
/// <param name="maxBytes">Of a row.</param>
/// <param name="size">A value's bytes.</param>
/// <param name="convert">Copies a value: what Arrow hands out is valid until the next are read.</param>
internal sealed class ChunkReader<TRead, T>(
    ReadLevels<TRead> read, IDisposable? reader, PhysicalField leaf, long levels, long maxBytes, Func<TRead, int> size, Func<TRead, T> convert) : ChunkReader
    where TRead : struct
    where T : struct
{
    private const int LevelsTogether = 1024;
    private readonly int present = leaf.MaxDefinitionLevel;
    private readonly bool repeats = leaf.MaxRepetitionLevel > 0;
    private readonly TRead[] readValues = new TRead[LevelsTogether];
    private readonly short[] readDefinitions = new short[leaf.MaxDefinitionLevel > 0 ? LevelsTogether : 0];
    private readonly short[] readRepetitions = new short[leaf.MaxRepetitionLevel > 0 ? LevelsTogether : 0];
    private readonly List<T> values = [];
    private readonly List<int> definitions = [];
    private readonly List<int> repetitions = [];
    private readonly List<RowMark> marks = [];
    private long levelsRead;
    private long bytesHeld;
    private int readCount;
    private int levelAt;
    private int valueAt;

    public override long LevelsLeft => levels - levelsRead + readCount - levelAt;

    // The last row of a column that repeats goes on until another begins.
    public override int Rows => !repeats || LevelsLeft == 0 ? marks.Count : Math.Max(0, marks.Count - 1);

    public override void Fill(int rows, long bytes)
    {
        while (LevelsLeft > 0 && Rows < rows && (Rows == 0 || bytesHeld < bytes))
        {
            if (levelAt == readCount)
            {
                ReadBatch();
            }

            Add();
        }
    }

    public override ColumnData Take(int rows, Action<int, long> onTooLarge)
    {
        var end = rows == marks.Count ? new RowMark(Count, values.Count) : marks[rows];
        for (var row = 0; row < rows; row++)
        {
            var bytes = marks[row].Bytes;
            bytesHeld -= bytes;
            if (bytes > maxBytes)
            {
                onTooLarge(row, bytes);
            }
        }

        var taken = new TypedColumnData<T>(
            leaf,
            Take(values, end.Value),
            present > 0 ? Take(definitions, end.Level) : null,
            repeats ? Take(repetitions, end.Level) : null);
        marks.RemoveRange(0, rows);
        foreach (ref var mark in CollectionsMarshal.AsSpan(marks))
        {
            (mark.Level, mark.Value) = (mark.Level - end.Level, mark.Value - end.Value);
        }

        return taken;
    }

    public override void Dispose() => reader?.Dispose();

    private int Count => present > 0 ? definitions.Count : values.Count;

    private void ReadBatch()
    {
        var next = (int)Math.Min(levels - levelsRead, LevelsTogether);
        readCount = read(next, readDefinitions.AsSpan(0, Math.Min(next, readDefinitions.Length)),
            readRepetitions.AsSpan(0, Math.Min(next, readRepetitions.Length)), readValues);
        (levelAt, valueAt) = (0, 0);
        levelsRead += readCount;
        if (readCount == 0)
        {
            throw new InvalidDataException($"it ends after {levelsRead} of {levels} values");
        }
    }

    private void Add()
    {
        var definition = present > 0 ? readDefinitions[levelAt] : 0;
        var repetition = repeats ? readRepetitions[levelAt] : 0;
        levelAt++;
        if (repetition == 0)
        {
            marks.Add(new RowMark(Count, values.Count));
        }
        else if (marks.Count == 0)
        {
            throw new InvalidDataException("it begins in the middle of a row");
        }

        ref var row = ref CollectionsMarshal.AsSpan(marks)[^1];
        var isValue = definition == present;
        var wasTooLarge = row.Bytes > maxBytes;
        var bytes = (isValue ? size(readValues[valueAt]) : 0) + (repeats ? 2 * sizeof(int) : 0);
        row.Bytes += bytes;
        bytesHeld += bytes;
        if (row.Bytes <= maxBytes)
        {
            AddLevel(definition, repetition);
            if (isValue)
            {
                values.Add(convert(readValues[valueAt]));
            }
        }
        else if (!wasTooLarge)
        {
            Blank(row);
        }

        valueAt += isValue ? 1 : 0;
    }

    private void Blank(RowMark row)
    {
        values.RemoveRange(row.Value, values.Count - row.Value);
        if (present == 0)
        {
            values.Add(TypedColumnData<T>.BlankValue(leaf));
            return;
        }

        definitions.RemoveRange(row.Level, definitions.Count - row.Level);
        repetitions.RemoveRange(Math.Min(row.Level, repetitions.Count), Math.Max(0, repetitions.Count - row.Level));
        AddLevel(0, 0);
    }

    private void AddLevel(int definition, int repetition)
    {
        if (present > 0)
        {
            definitions.Add(definition);
        }

        if (repeats)
        {
            repetitions.Add(repetition);
        }
    }

    private static TItem[] Take<TItem>(List<TItem> list, int count)
    {
        var taken = CollectionsMarshal.AsSpan(list)[..count].ToArray();
        list.RemoveRange(0, count);
        return taken;
    }

    /// <summary>Where a row begins among levels and values, and its bytes.</summary>
    private struct RowMark(int level, int value)
    {
        public int Level = level;
        public int Value = value;
        public long Bytes;
    }
}
