using System.Runtime.InteropServices;
using FlexGen.Dataflow.Records;
using ParquetSharp;

namespace FlexGen.Dataflow.Sources;

/// <summary>
/// Reads column chunks that Parquet.Net cannot, through Apache Arrow: nested columns in data pages of version 2, booleans as run lengths, older
/// compressions and encodings. Opened when first needed, on the file that is open already: what is at its path may be another by now.
/// </summary>
internal sealed class ArrowColumns(Stream stream) : IDisposable
{
    private readonly Lazy<ParquetFileReader> file = new(() => new ParquetFileReader(stream, leaveOpen: true));

    /// <summary>Reads a leaf of a row group.</summary>
    /// <param name="group">The row group.</param>
    /// <param name="field">The leaf.</param>
    /// <param name="count">How many levels its chunk has.</param>
    public ColumnData Read(int group, PhysicalField field, int count)
    {
        using var groupReader = file.Value.RowGroup(group);
        using var column = groupReader.Column(field.Ordinal);
        return column switch
        {
            ColumnReader<bool> reader => Read(reader, field, count, value => value),
            ColumnReader<int> reader when field.ClrType == typeof(uint) => Read(reader, field, count, value => (uint)value),
            ColumnReader<int> reader => Read(reader, field, count, value => value),
            ColumnReader<long> reader when field.ClrType == typeof(ulong) => Read(reader, field, count, value => (ulong)value),
            ColumnReader<long> reader => Read(reader, field, count, value => value),
            ColumnReader<float> reader => Read(reader, field, count, value => value),
            ColumnReader<double> reader => Read(reader, field, count, value => value),
            ColumnReader<Int96> reader => Read(reader, field, count, value => Copy(MemoryMarshal.AsBytes([value]))),
            ColumnReader<ByteArray> reader => Read(reader, field, count, value => Copy(value.Pointer, value.Length)),
            ColumnReader<FixedLenByteArray> reader => Read(reader, field, count, value => Copy(value.Pointer, field.Element.TypeLength!.Value)),
            _ => throw new NotSupportedException($"Arrow reads it as {column.GetType().Name}"),
        };
    }

    public void Dispose()
    {
        if (file.IsValueCreated)
        {
            file.Value.Dispose();
        }
    }

    private static TypedColumnData<T> Read<TRead, T>(ColumnReader<TRead> reader, PhysicalField field, int count, Func<TRead, T> convert)
        where TRead : unmanaged
        where T : struct
    {
        var definitions = new short[field.MaxDefinitionLevel > 0 ? count : 0];
        var repetitions = new short[field.MaxRepetitionLevel > 0 ? count : 0];
        var read = new TRead[Math.Min(count, 4096)];
        var values = new List<T>(count);
        for (int at = 0; at < count;)
        {
            int next = Math.Min(count - at, read.Length);
            long levels = reader.ReadBatch(
                next,
                definitions.Length > 0 ? definitions.AsSpan(at, next) : [],
                repetitions.Length > 0 ? repetitions.AsSpan(at, next) : [],
                read,
                out long valuesRead);
            if (levels == 0)
            {
                throw new InvalidDataException($"it ends after {at} of {count} values");
            }
            // Bytes are valid until the next are read.
            values.AddRange(read.Take((int)valuesRead).Select(convert));
            at += (int)levels;
        }
        return new TypedColumnData<T>(
            field,
            [.. values],
            definitions.Length > 0 ? Array.ConvertAll(definitions, level => (int)level) : null,
            repetitions.Length > 0 ? Array.ConvertAll(repetitions, level => (int)level) : null);
    }

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
