using Parquet;
using Parquet.Schema;

namespace FlexGen.Dataflow.Records;

/// <summary>The values of one leaf column over some rows, as Parquet holds them: dense values with definition and repetition levels.</summary>
internal abstract class ColumnData
{
    /// <summary>Whether a row of a column that is not nested has no value.</summary>
    public abstract bool IsNull(int row);

    public abstract long Bytes(int row);

    public abstract ColumnData CopyRow(int row);

    /// <summary>Writes leaf <paramref name="leaf"/> of <paramref name="records"/> as the next column of a row group; this is that leaf of the first.</summary>
    public abstract Task WriteAsync(ParquetRowGroupWriter writer, DataField field, int leaf, IReadOnlyList<Record> records, CancellationToken cancellationToken);
}
