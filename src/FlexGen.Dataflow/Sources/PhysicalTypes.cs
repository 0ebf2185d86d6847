using FlexGen.Dataflow.Records;
using Parquet;
using Parquet.Data;
using Parquet.File.Values.Primitives;
using Parquet.Meta;
using Parquet.Schema;

namespace FlexGen.Dataflow.Sources;

/// <summary>
/// How Parquet.Net is made to hand values over as they are stored: texts as UTF-8 bytes, timestamps and dates as numbers, so that
/// passing them through neither converts them nor loses nanoseconds. It decides by the schema elements of the metadata it read,
/// which are open to change; where it would write another physical type than it read, the annotation stays and it converts.
/// </summary>
internal static class PhysicalTypes
{
    private delegate Task<ColumnData> Read(ParquetRowGroupReader group, DataField field, CancellationToken cancellationToken);

    private static readonly Dictionary<System.Type, Read> readers = new()
    {
        [typeof(bool)] = TypedColumnData<bool>.ReadAsync,
        [typeof(int)] = TypedColumnData<int>.ReadAsync,
        [typeof(uint)] = TypedColumnData<uint>.ReadAsync,
        [typeof(long)] = TypedColumnData<long>.ReadAsync,
        [typeof(ulong)] = TypedColumnData<ulong>.ReadAsync,
        [typeof(float)] = TypedColumnData<float>.ReadAsync,
        [typeof(double)] = TypedColumnData<double>.ReadAsync,
        [typeof(DateTime)] = TypedColumnData<DateTime>.ReadAsync,
        [typeof(BigDecimal)] = TypedColumnData<BigDecimal>.ReadAsync,
        [typeof(Guid)] = TypedColumnData<Guid>.ReadAsync,
        [typeof(Interval)] = TypedColumnData<Interval>.ReadAsync,
        [typeof(ReadOnlyMemory<byte>)] = TypedColumnData<ReadOnlyMemory<byte>>.ReadAsync,
    };

    public static ParquetOptions ReadOptions() => new()
    {
        UseBigDecimal = true,
        UseDateOnlyTypeForDates = true,
    };

    public static bool CanRead(DataField physical) => readers.ContainsKey(physical.ClrType);

    public static Task<ColumnData> ReadAsync(ParquetRowGroupReader group, DataField physical, CancellationToken cancellationToken) =>
        readers[physical.ClrType](group, physical, cancellationToken);

    /// <summary>The schema as the file states it, and the same schema by physical types; call it once per reader, before reading.</summary>
    public static (ParquetSchema Logical, ParquetSchema Physical) Schemas(ParquetReader reader)
    {
        var elements = reader.Metadata!.Schema;
        foreach (var element in elements.Where(e => e.LogicalType?.JSON is not null))
        {
            // Parquet.Net knows no JSON columns; they are texts.
            element.LogicalType = new LogicalType { STRING = new StringType() };
            element.ConvertedType = ConvertedType.UTF8;
        }
        var logical = reader.Schema;
        foreach (var element in elements.Where(IsWrittenAsRead))
        {
            element.LogicalType = null;
            element.ConvertedType = null;
        }
        return (logical, reader.Schema);
    }

    /// <summary>The columns in which something has a logical type that Parquet.Net does not write, and that type; call it before <see cref="Schemas"/>.</summary>
    public static IReadOnlyDictionary<string, string> LostAnnotations(ParquetReader reader)
    {
        var found = new Dictionary<string, string>();
        var elements = reader.Metadata!.Schema;
        // Depth first: the root, then each column with all that is below it.
        for (int i = 1; i < elements.Count;)
        {
            var column = elements[i].Name;
            for (int left = 1; left > 0; i++)
            {
                left += (elements[i].NumChildren ?? 0) - 1;
                if (LostAnnotation(elements[i].LogicalType) is { } annotation)
                {
                    found[column] = annotation;
                }
            }
        }
        return found;
    }

    private static string? LostAnnotation(LogicalType? type) => type switch
    {
        { VARIANT: not null } => "VARIANT",
        { GEOMETRY: not null } => "GEOMETRY",
        { GEOGRAPHY: not null } => "GEOGRAPHY",
        { FLOAT16: not null } => "FLOAT16",
        _ => null,
    };

    private static bool IsWrittenAsRead(SchemaElement element)
    {
        bool isDecimal = element.LogicalType?.DECIMAL is not null || element.ConvertedType == ConvertedType.DECIMAL;
        // The minimum and maximum that Parquet.Net writes follow the type it is given: unsigned stays unsigned.
        bool isWideUnsigned = element.LogicalType?.INTEGER is { IsSigned: false, BitWidth: >= 32 }
            || element.ConvertedType is ConvertedType.UINT_32 or ConvertedType.UINT_64;
        return !isWideUnsigned && element.Type switch
        {
            Parquet.Meta.Type.INT32 => !isDecimal || element.Precision <= 9,
            Parquet.Meta.Type.INT64 => !isDecimal || element.Precision is > 9 and <= 18,
            Parquet.Meta.Type.BYTE_ARRAY => !isDecimal,
            _ => false,
        };
    }
}
