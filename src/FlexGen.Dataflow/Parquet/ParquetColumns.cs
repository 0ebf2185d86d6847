using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Records;
using Parquet.Meta;
using PhysicalType = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Parquet;

/// <summary>Chooses the columns of a file. What is not chosen is neither read nor checked.</summary>
internal static class ParquetColumns
{
    /// <exception cref="PipelineException">A chosen column is missing, or cannot be carried through.</exception>
    public static RowSchema Choose(FileMetaData metadata, ColumnChoice choice, string path)
    {
        var all = new List<(RowColumn Column, int Ordinal)>();
        // A row group has a chunk for each leaf, chosen or not.
        var ordinal = 0;
        foreach (var column in Columns(metadata))
        {
            all.Add((column, ordinal));
            ordinal += column.LeafCount;
        }

        var partitions = choice.Partitions.Where(partition => choice.Names?.Contains(partition.Name) != false).ToDictionary(partition => partition.Name);
        CheckClash(all.Select(column => column.Column.Name), partitions.Keys, choice, path);
        all.AddRange(partitions.Values.Select(partition => (partition.Column, PhysicalField.InNoFile)));
        var byName = all.ToLookup(column => column.Column.Name);
        if (!choice.IsMissingTaken && choice.Names?.FirstOrDefault(name => !byName.Contains(name)) is { } missing)
        {
            throw NotFound(byName, missing, path);
        }

        var chosen = choice.Names is null ? all : [.. choice.Names.Where(byName.Contains).Select(name => byName[name].First())];
        foreach (var (column, _) in chosen)
        {
            if (byName[column.Name].Count() > 1)
            {
                throw new PipelineException($"{path} has several columns of the name '{column.Name}': name the others in source.parquet.columns.");
            }

            Check(column, path);
        }

        var leaves = chosen
            .SelectMany(column => partitions.TryGetValue(column.Column.Name, out var partition) ? [partition.Leaf] : column.Column.Leaves(column.Ordinal))
            .ToArray();
        // A row group's chunks are found by their paths.
        if (leaves.GroupBy(leaf => leaf.Physical.Path).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new PipelineException(
                $"column '{twice.First().Column}' of {path} has '{twice.Key.ToString(".", null)}' several times: leave it out with source.parquet.columns.");
        }

        return new RowSchema([.. chosen.Select(column => column.Column)], leaves);
    }

    /// <summary>The top-level columns of a file, with copies of what it states of them.</summary>
    public static IReadOnlyList<RowColumn> Columns(FileMetaData metadata)
    {
        var columns = new List<RowColumn>();
        for (var i = 1; i < metadata.Schema.Count;)
        {
            var start = i;
            for (var left = 1; left > 0; i++)
            {
                left += (metadata.Schema[i].NumChildren ?? 0) - 1;
            }

            columns.Add(new RowColumn([.. metadata.Schema[start..i].Select(SchemaElements.Copy)]));
        }

        return columns;
    }

    private static void Check(RowColumn column, string path)
    {
        if (column.Name.Length == 0)
        {
            throw new PipelineException($"{path} has a column without a name: name the others in source.parquet.columns.");
        }

        foreach (var element in column.Elements)
        {
            var what = element switch
            {
                _ when Annotation.IsUnknown(element) => "a logical type that is newer than this program",
                { Type: null, NumChildren: null or 0 } => "a group of no columns, which has no values",
                { Name: "" } => "a field without a name",
                { Type: { } type } when !Enum.IsDefined(type) => $"the unknown physical type {(int)type}",
                { Type: PhysicalType.FIXED_LEN_BYTE_ARRAY, TypeLength: null or <= 0 } => "bytes of a fixed length that it does not state",
                _ => null,
            };
            if (what is not null)
            {
                throw new PipelineException($"column '{column.Name}' of {path} has {what} ('{element.Name}'): leave it out with source.parquet.columns.");
            }
        }
    }

    // Readers of Parquet take names that differ in case for one.
    private static void CheckClash(IEnumerable<string> names, IEnumerable<string> partitions, ColumnChoice choice, string path)
    {
        if (names.Where(name => choice.Names?.Contains(name) != false).Intersect(partitions, StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } name)
        {
            throw new PipelineException(
                $"column '{name}' is in {path} and in the name of a folder above it, too: name other columns in source.parquet.columns, or rename the folder.");
        }
    }

    private static PipelineDefinitionException NotFound(ILookup<string, (RowColumn Column, int Ordinal)> byName, string name, string path)
    {
        var names = byName.Select(column => column.Key).ToArray();
        return new PipelineDefinitionException(
            $"source.parquet.columns: {path} has no column '{name}'{NearestName.Hint(name, names)} It has: {string.Join(", ", names)}.");
    }
}
