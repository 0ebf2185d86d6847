using FlexGen.Dataflow.Records;
using Parquet;
using Parquet.Meta;

namespace FlexGen.Dataflow.Sources;

/// <summary>
/// How Parquet.Net is made to hand values over as they are stored, whatever they mean: texts as UTF-8 bytes, timestamps and dates as numbers, decimals and
/// INT96 as bytes, so that passing them through neither converts them nor loses anything. It decides by the metadata it read, which is open to change.
/// </summary>
internal static class PhysicalTypes
{
    private const int Int96Bytes = 12;

    private delegate Task<ColumnData> Read(ParquetRowGroupReader group, PhysicalField field, CancellationToken cancellationToken);

    private static readonly Dictionary<System.Type, Read> readers = new()
    {
        [typeof(bool)] = TypedColumnData<bool>.ReadAsync,
        [typeof(int)] = TypedColumnData<int>.ReadAsync,
        [typeof(uint)] = TypedColumnData<uint>.ReadAsync,
        [typeof(long)] = TypedColumnData<long>.ReadAsync,
        [typeof(ulong)] = TypedColumnData<ulong>.ReadAsync,
        [typeof(float)] = TypedColumnData<float>.ReadAsync,
        [typeof(double)] = TypedColumnData<double>.ReadAsync,
        [typeof(ReadOnlyMemory<byte>)] = TypedColumnData<ReadOnlyMemory<byte>>.ReadAsync,
    };

    public static Task<ColumnData> ReadAsync(ParquetRowGroupReader group, PhysicalField field, CancellationToken cancellationToken) =>
        readers[field.ClrType](group, field, cancellationToken);

    /// <summary>Makes a reader read physical types; call it once, when the schema has been taken from the metadata.</summary>
    public static void Use(FileMetaData metadata)
    {
        foreach (var element in metadata.Schema.Where(element => element.Type == Parquet.Meta.Type.INT96))
        {
            (element.Type, element.TypeLength) = (Parquet.Meta.Type.FIXED_LEN_BYTE_ARRAY, Int96Bytes);
        }
        foreach (var chunk in metadata.RowGroups.SelectMany(group => group.Columns))
        {
            // It would be decoded with every column, for nobody.
            chunk.MetaData?.Statistics = null;
        }
    }

    /// <summary>
    /// Whether Parquet.Net understands how the chunk is stored, or says that it does not. It takes booleans that are run lengths for bits, levels
    /// that are bits for run lengths, and LZ4 that it cannot decompress for zeros.
    /// </summary>
    public static bool CanRead(PhysicalField field, ColumnMetaData chunk)
    {
        bool isLz4 = chunk.Codec is CompressionCodec.LZ4 or CompressionCodec.LZ4_RAW;
        bool hasRunLengths = chunk.EncodingStats is { Count: > 0 } pages
            ? pages.Any(page => page.Encoding == Encoding.RLE)
            : !chunk.Encodings.Contains(Encoding.PLAIN);
        bool hasBitLevels = field.MaxDefinitionLevel > 0 && chunk.Encodings.Contains(Encoding.BIT_PACKED) && !chunk.Encodings.Contains(Encoding.RLE);
        return !isLz4 && !hasBitLevels && (field.Element.Type != Parquet.Meta.Type.BOOLEAN || !hasRunLengths);
    }
}
