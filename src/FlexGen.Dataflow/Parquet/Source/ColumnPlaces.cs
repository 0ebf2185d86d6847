using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>Where the columns of a file stand in the dataset, and what becomes of their values there.</summary>
internal sealed class ColumnPlaces
{
    private readonly IReadOnlyList<Leaf> dataset;
    private readonly Leaf?[] sources;
    private readonly LeafWidening?[] widenings;
    private readonly IReadOnlyDictionary<string, PartitionColumn> partitions;

    // Among the dataset's leaves, those of which the file has values.
    private readonly int[] places;

    /// <param name="file">What is read of the file.</param>
    /// <param name="dataset">What its rows are to have.</param>
    /// <param name="partitions">The columns in the names of its folders.</param>
    public ColumnPlaces(RowSchema file, RowSchema dataset, IReadOnlyDictionary<string, PartitionColumn> partitions)
    {
        this.dataset = dataset.Leaves;
        this.partitions = partitions;
        var own = file.Leaves.ToLookup(leaf => leaf.Column);
        sources = [.. dataset.Leaves.GroupBy(leaf => leaf.Column).SelectMany(column => column.Select((_, i) => own[column.Key].ElementAtOrDefault(i)))];
        widenings = [.. sources.Zip(dataset.Leaves, (leaf, wanted) => leaf is null ? null : LeafWidening.Of(leaf.Physical, wanted.Physical))];
        places = [.. Enumerable.Range(0, sources.Length).Where(i => sources[i] is { } leaf && !partitions.ContainsKey(leaf.Column))];
        Stored = [.. places.Select(place => sources[place]!)];
    }

    /// <summary>What is to be read of the file.</summary>
    public IReadOnlyList<Leaf> Stored { get; }

    /// <summary>The dataset's columns of what was read of <see cref="Stored"/>.</summary>
    public RowSlice InDataset(RowSlice slice)
    {
        List<LeftOut> leftOut = [.. slice.LeftOut.Select(value => value with { Leaf = places[value.Leaf] })];
        var columns = new ColumnData?[sources.Length];
        for (var i = 0; i < places.Length; i++)
        {
            columns[places[i]] = slice.Rows.Columns[i];
        }

        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = Column(i, columns[i], slice.Count, leftOut);
        }

        return slice with { Rows = new Rows(columns!), LeftOut = leftOut };
    }

    private ColumnData Column(int leaf, ColumnData? read, int count, List<LeftOut> leftOut)
    {
        if (sources[leaf] is not { } own)
        {
            return NullColumn.Of(dataset[leaf].Physical, count);
        }

        var data = read ?? partitions[own.Column].Data(count);
        return widenings[leaf]?.Apply(data, (row, message) => leftOut.Add(new LeftOut(leaf, row, "value_out_of_range", message))) ?? data;
    }
}
