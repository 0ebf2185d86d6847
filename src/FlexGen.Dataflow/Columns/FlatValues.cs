namespace FlexGen.Dataflow.Columns;

/// <summary>The values of a column that is not nested, in rows where it is not null.</summary>
internal static class FlatValues
{
    public static T Value<T>(this ColumnData column, int row)
        where T : struct => ((TypedColumnData<T>)column).Value(row);

    /// <summary>A value of a column of bytes.</summary>
    public static ReadOnlySpan<byte> BytesOf(this ColumnData column, int row) => column.Value<ReadOnlyMemory<byte>>(row).Span;
}
