using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>
/// Makes the schema of a dataset of those of its files, whatever their order. Types must be the same, units and precision included, or are widened to the
/// smallest that takes all of them; that rows of some file may lack a value, where those of another may not, loses nothing.
/// </summary>
/// <param name="names">The columns that are meant, in their order; null for all.</param>
/// <param name="widens">Whether a wider type takes a narrower one, and a column may be missing.</param>
internal sealed class DatasetSchema(IList<string>? names, bool widens)
{
    private readonly List<Column> columns = [];
    private string? first;
    private string[] order = [];

    /// <exception cref="PipelineException">The file does not fit those before it.</exception>
    public void Add(ParquetSourceFile file)
    {
        var found = file.Schema.Columns.ToDictionary(column => column.Name);
        var inOrder = file.Schema.Names.ToArray();
        if (first is null)
        {
            first = file.Path;
            order = inOrder;
            columns.AddRange(inOrder.Select(name => new Column(found[name], [(found[name], file.Path)])));
            return;
        }

        foreach (var name in columns.Select(column => column.Common.Name).Union(inOrder).ToArray())
        {
            var at = columns.FindIndex(column => column.Common.Name == name);
            if (at < 0)
            {
                columns.Add(Lacking(new Column(found[name], [(found[name], file.Path)]), first));
            }
            else
            {
                columns[at] = found.TryGetValue(name, out var column) ? Merge(columns[at], column, file.Path) : Lacking(columns[at], file.Path);
            }
        }

        if (!widens && !order.SequenceEqual(inOrder))
        {
            throw new PipelineException(
                $"the files of one dataset must have their columns in the same order, but {file.Path} and {first} differ: "
                + "name the columns in source.parquet.columns.");
        }
    }

    /// <exception cref="PipelineException">No file has a column that is meant.</exception>
    public RowSchema Make()
    {
        var made = columns.Select(column => column.Common).ToArray();
        if (first is not null && names?.FirstOrDefault(name => made.All(column => column.Name != name)) is { } missing)
        {
            throw new PipelineDefinitionException(
                $"source.parquet.columns: no file has a column '{missing}'{NearestName.Hint(missing, [.. made.Select(column => column.Name)])}");
        }

        var sorted = names is null ? made : [.. made.OrderBy(column => names.IndexOf(column.Name))];
        return new RowSchema(sorted, [.. sorted.SelectMany(column => column.Leaves(PhysicalField.InNoFile))]);
    }

    private Column Lacking(Column column, string path) =>
        widens
            ? column with { Common = column.Common.AsNullable() }
            : throw new PipelineException(
                $"the files of one dataset must have the same columns: column '{column.Common.Name}' is missing in {path}, but {column.Common.Type} in "
                + $"{column.Seen[0].Path}: name those that all have in source.parquet.columns, or read null for it with source.parquet.onSchemaChange: widen.");

    private Column Merge(Column column, RowColumn found, string path)
    {
        if (column.Common.Type == found.Type)
        {
            return column;
        }

        if (Widening.Common(column.Common, found) is not { } common)
        {
            // What the files before have in common is of none of them.
            var (other, where) = column.Seen.FirstOrDefault(seen => Widening.Common(seen.Type, found) is null, column.Seen[0]);
            throw Differ(other, where, found, path, "name the columns to read in source.parquet.columns without it, or write the files with one type.");
        }

        if (!widens && Widening.IsNeeded(column.Common, found))
        {
            throw Differ(column.Seen[0].Type, column.Seen[0].Path, found, path, $"source.parquet.onSchemaChange: widen reads both as {common.Type}.");
        }

        var isKnown = column.Seen.Any(seen => seen.Type.Type == found.Type);
        return new Column(common, isKnown ? column.Seen : [.. column.Seen, (found, path)]);
    }

    private static PipelineException Differ(RowColumn one, string pathOfOne, RowColumn other, string path, string remedy) => new(
        $"the files of one dataset must have the same columns: column '{one.Name}' is {other.Type} in {path}, but {one.Type} in {pathOfOne}: {remedy}");

    /// <param name="Common">What takes the values of all files.</param>
    /// <param name="Seen">Each type that it has in some file, and the first of these.</param>
    private sealed record Column(RowColumn Common, IReadOnlyList<(RowColumn Type, string Path)> Seen);
}
