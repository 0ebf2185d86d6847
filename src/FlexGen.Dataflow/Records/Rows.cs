namespace FlexGen.Dataflow.Records;

/// <summary>Consecutive rows of one stream, held by column; records point into it.</summary>
/// <param name="Stream">The stream of the rows' origins.</param>
/// <param name="FirstPosition">The position of row 0.</param>
/// <param name="Columns">The leaf columns, in the order of <see cref="RowSchema.Leaves"/>.</param>
internal sealed record Rows(string Stream, long FirstPosition, IReadOnlyList<ColumnData> Columns)
{
    public Rows CopyRow(int row) => new(Stream, FirstPosition + row, Columns.Select(column => column.CopyRow(row)).ToArray());

    /// <summary>About how many bytes a row's values take.</summary>
    public long Bytes(int row)
    {
        long bytes = 0;
        foreach (var column in Columns)
        {
            bytes += column.Bytes(row);
        }
        return bytes;
    }
}
