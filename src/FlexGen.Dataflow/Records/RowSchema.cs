using Parquet.Schema;

namespace FlexGen.Dataflow.Records;

/// <summary>The columns that records carry.</summary>
/// <param name="Fields">The top-level columns.</param>
/// <param name="Leaves">Their leaves, depth first: one for a column that is not nested.</param>
internal sealed record RowSchema(IReadOnlyList<Field> Fields, IReadOnlyList<Leaf> Leaves)
{
    public static RowSchema Empty { get; } = new([], []);

    /// <summary>The columns' types as a file states them; empty where the schema is of no one file.</summary>
    public IReadOnlyDictionary<string, ColumnType> Types { get; init; } = new Dictionary<string, ColumnType>();

    public IEnumerable<string> Names => Fields.Select(column => column.Name);
}
