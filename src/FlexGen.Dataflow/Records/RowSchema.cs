using FlexGen.Dataflow.Columns;

namespace FlexGen.Dataflow.Records;

/// <summary>The columns that records carry.</summary>
/// <param name="Columns">The top-level columns.</param>
/// <param name="Leaves">Their leaves, depth first: one for a column that is not nested.</param>
internal sealed record RowSchema(IReadOnlyList<RowColumn> Columns, IReadOnlyList<Leaf> Leaves)
{
    public static RowSchema Empty { get; } = new([], []);

    public IEnumerable<string> Names => Columns.Select(column => column.Name);
}
