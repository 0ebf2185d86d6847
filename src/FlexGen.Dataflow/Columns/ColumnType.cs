namespace FlexGen.Dataflow.Columns;

/// <summary>The type of a column as its file states it.</summary>
/// <param name="Name">All of it, of nested columns too: units, precision, scale, time zone, what may be null, how it is stored.</param>
/// <param name="IsRequired">No row may lack it.</param>
/// <param name="IsNested">It has columns of its own, or repeats.</param>
internal sealed record ColumnType(string Name, bool IsRequired, bool IsNested)
{
    public override string ToString() => Name;
}
