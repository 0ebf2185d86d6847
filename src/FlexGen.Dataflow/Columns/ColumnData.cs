
namespace FlexGen.Dataflow.Columns;

/// <summary>The values of one leaf column over some rows, as Parquet holds them: dense values with definition and repetition levels.</summary>
internal abstract class ColumnData
{
    /// <summary>The same values where more may be missing.</summary>
    /// <param name="wider">The leaf that allows it.</param>
    /// <param name="levels">Its definition level for each of this one's.</param>
    public abstract ColumnData As(PhysicalField wider, int[] levels);

    /// <summary>Whether a row of a column that is not nested has no value.</summary>
    public abstract bool IsNull(int row);

    /// <summary>About how many bytes a row's values take.</summary>
    public abstract long Bytes(int row);

    /// <summary>About how many bytes the values of all rows take.</summary>
    public abstract long Bytes();

    public abstract ColumnData CopyRow(int row);

    /// <summary>One row of the column with nothing in it: null or no items where the column may have that, else a value of zeros or no bytes.</summary>
    public abstract ColumnData Blank();

    /// <summary>Whether something holds of all of a row's values, nested ones too, of a column of bytes.</summary>
    public abstract bool All(int row, Predicate<ReadOnlyMemory<byte>> holds);

    /// <summary>A row of a column of bytes with other values.</summary>
    public abstract ColumnData Replace(int row, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> value);

    /// <summary>Writes <paramref name="rows"/> of this and other columns of its kind as leaf <paramref name="leaf"/> of a row group.</summary>
    public abstract Task WriteAsync(ILeafWriter writer, int leaf, IReadOnlyList<(ColumnData Column, int Row)> rows, CancellationToken cancellationToken);
}
