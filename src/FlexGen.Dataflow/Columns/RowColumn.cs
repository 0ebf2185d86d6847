using Parquet.Meta;

namespace FlexGen.Dataflow.Columns;

/// <summary>A top-level column of a dataset.</summary>
/// <param name="Elements">The column and all that is below it as the file states it, depth first: an output states it in the same words.</param>
internal sealed record RowColumn(IReadOnlyList<SchemaElement> Elements)
{
    public string Name => Elements[0].Name;

    public int LeafCount => Elements.Count(element => element.Type is not null);

    public ColumnType Type => ColumnTypes.Of(Elements);

    /// <summary>A column that is not nested, and its leaf, as if rows could lack it.</summary>
    public (RowColumn Column, Leaf Leaf) AsNullable()
    {
        var element = SchemaElements.Copy(Elements[0]);
        element.RepetitionType = FieldRepetitionType.OPTIONAL;
        return (new RowColumn([element]), new Leaf(Name, PhysicalField.Create([Name], element, repetitions: 0, definitions: 1, PhysicalField.InNoFile)));
    }
}
