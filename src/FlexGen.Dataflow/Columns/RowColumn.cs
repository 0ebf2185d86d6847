using Parquet.Meta;

namespace FlexGen.Dataflow.Columns;

/// <summary>A top-level column of a dataset.</summary>
/// <param name="Elements">The column and all that is below it as the file states it, depth first: an output states it in the same words.</param>
internal sealed record RowColumn(IReadOnlyList<SchemaElement> Elements)
{
    public string Name => Elements[0].Name;

    public int LeafCount => Elements.Count(element => element.Type is not null);

    public ColumnType Type => ColumnTypes.Of(Elements);

    /// <summary>The same column where rows may lack it.</summary>
    public RowColumn AsNullable()
    {
        if (Elements[0].RepetitionType is FieldRepetitionType.OPTIONAL or FieldRepetitionType.REPEATED)
        {
            return this;
        }

        var element = SchemaElements.Copy(Elements[0]);
        element.RepetitionType = FieldRepetitionType.OPTIONAL;
        return new RowColumn([element, .. Elements.Skip(1)]);
    }

    /// <summary>Its leaves, depth first.</summary>
    /// <param name="ordinal">How many of the file's leaves are before it; <see cref="PhysicalField.InNoFile"/> where it is not of a file.</param>
    public IReadOnlyList<Leaf> Leaves(int ordinal)
    {
        var leaves = new List<Leaf>();
        var at = 0;
        Add(ref at, [], [], leaves, ordinal);
        return leaves;
    }

    private void Add(ref int at, IReadOnlyList<string> above, IReadOnlyList<FieldRepetitionType> repetitionsAbove, List<Leaf> leaves, int ordinal)
    {
        var element = Elements[at++];
        IReadOnlyList<string> path = [.. above, element.Name];
        IReadOnlyList<FieldRepetitionType> repetitions = [.. repetitionsAbove, element.RepetitionType ?? FieldRepetitionType.REQUIRED];
        if (element.Type is not null)
        {
            var ofLeaf = ordinal == PhysicalField.InNoFile ? ordinal : ordinal + leaves.Count;
            leaves.Add(new Leaf(Name, PhysicalField.Create(path, element, repetitions, ofLeaf)));
        }

        for (var i = 0; i < (element.NumChildren ?? 0); i++)
        {
            Add(ref at, path, repetitions, leaves, ordinal);
        }
    }
}
