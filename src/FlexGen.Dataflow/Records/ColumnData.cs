using Parquet;
using Parquet.Schema;

namespace FlexGen.Dataflow.Records;

/// <summary>The values of one leaf column over some rows, as Parquet holds them: dense values with definition and repetition levels.</summary>
internal abstract class ColumnData
{
    /// <summary>A column that is null in every row.</summary>
    public static ColumnData Nulls(DataField field, int count) => (ColumnData)Activator.CreateInstance(
        typeof(TypedColumnData<>).MakeGenericType(field.ClrType),
        field,
        Array.CreateInstance(field.ClrType, 0),
        new int[count],
        field.MaxRepetitionLevel > 0 ? new int[count] : null)!;

    /// <summary>The same values as those of a field that is of a wider type, or that rows may lack.</summary>
    public abstract ColumnData As(DataField wider);

    /// <summary>Whether a row of a column that is not nested has no value.</summary>
    public abstract bool IsNull(int row);

    public abstract long Bytes(int row);

    public abstract ColumnData CopyRow(int row);

    /// <summary>Writes leaf <paramref name="leaf"/> of <paramref name="records"/> as the next column of a row group; this is that leaf of the first.</summary>
    public abstract Task WriteAsync(ParquetRowGroupWriter writer, DataField field, int leaf, IReadOnlyList<Record> records, CancellationToken cancellationToken);
}
