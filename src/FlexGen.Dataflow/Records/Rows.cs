using FlexGen.Dataflow.Columns;

namespace FlexGen.Dataflow.Records;

/// <summary>Rows held by column; records point into it.</summary>
/// <param name="Columns">The leaf columns, in the order of <see cref="RowSchema.Leaves"/>.</param>
internal sealed record Rows(IReadOnlyList<ColumnData> Columns)
{
    public static Rows Empty { get; } = new([]);

    public Rows CopyRow(int row) => new(Columns.Select(column => column.CopyRow(row)).ToArray());

    /// <summary>About how many bytes the values of all rows take.</summary>
    public long Bytes() => Columns.Sum(column => column.Bytes());

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
