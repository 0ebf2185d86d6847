namespace FlexGen.Dataflow.Records;

/// <summary>The values of one leaf column over some rows, as Parquet holds them: dense values with definition and repetition levels.</summary>
internal abstract class ColumnData
{
    public abstract int Rows { get; }

    /// <summary>Whether a row of a column that is not nested has no value.</summary>
    public abstract bool IsNull(int row);

    public abstract long Bytes(int row);

    public abstract ColumnData CopyRow(int row);

    /// <summary>Whether all texts of a row, nested ones too, are UTF-8.</summary>
    public abstract bool IsUtf8(int row);

    /// <summary>A row's texts, with <c>\xC3</c> in place of each byte that is no part of a character.</summary>
    public abstract ColumnData ToUtf8(int row);

    /// <summary>Writes leaf <paramref name="leaf"/> of <paramref name="records"/> as the next column of a row group; this is that leaf of the first.</summary>
    public abstract Task WriteAsync(ILeafWriter writer, int leaf, IReadOnlyList<Record> records, CancellationToken cancellationToken);
}
