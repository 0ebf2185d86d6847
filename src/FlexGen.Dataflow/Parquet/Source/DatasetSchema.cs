using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>
/// Makes the schema of a dataset of those of its files. Types must be the same, units and precision included; that rows of some file may
/// lack a value, where those of another may not, loses nothing.
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
        var found = file.Schema.Names.ToArray();
        if (first is null)
        {
            first = file.Path;
            order = found;
            columns.AddRange(found.Select(name => Column.Of(name, file)));
            return;
        }
        foreach (var name in columns.Select(column => column.Name).Union(found).ToArray())
        {
            int at = columns.FindIndex(column => column.Name == name);
            if (at < 0)
            {
                columns.Add(Lacking(Column.Of(name, file), first));
            }
            else
            {
                columns[at] = found.Contains(name) ? Merge(columns[at], Column.Of(name, file)) : Lacking(columns[at], file.Path);
            }
        }
        if (!widens && !order.SequenceEqual(found))
        {
            throw new PipelineException(
                $"the files of one dataset must have their columns in the same order, but {file.Path} and {first} differ: "
                + "name the columns in source.parquet.columns.");
        }
    }

    /// <exception cref="PipelineException">No file has a column that is meant.</exception>
    public RowSchema Make()
    {
        if (first is not null && names?.FirstOrDefault(name => columns.All(column => column.Name != name)) is { } missing)
        {
            throw new PipelineException(
                $"source.parquet.columns: no file has a column '{missing}'{NearestName.Hint(missing, [.. columns.Select(column => column.Name)])}");
        }
        IEnumerable<Column> sorted = names is null ? columns : columns.OrderBy(column => names.IndexOf(column.Name));
        var made = new List<RowColumn>();
        var leaves = new List<Leaf>();
        foreach (var column in sorted)
        {
            var described = column.Schema.Columns.First(other => other.Name == column.Name);
            if (column.IsNullable && column.Type.IsRequired)
            {
                var (nullable, leaf) = described.AsNullable();
                made.Add(nullable);
                leaves.Add(leaf);
            }
            else
            {
                made.Add(described);
                leaves.AddRange(column.Schema.Leaves.Where(leaf => leaf.Column == column.Name));
            }
        }
        return new RowSchema(made, leaves);
    }

    private Column Lacking(Column column, string path) =>
        widens && !(column.Type.IsNested && column.Type.IsRequired)
            ? column with { IsNullable = true }
            : throw new PipelineException(
                $"the files of one dataset must have the same columns: column '{column.Name}' is missing in {path}, but {column.Type} in {column.Path}: "
                + (widens ? "it is nested and never null."
                    : "name those that all have in source.parquet.columns, or read null for it with source.parquet.onSchemaChange: widen."));

    private Column Merge(Column one, Column other)
    {
        var merged = one with { IsNullable = one.IsNullable || !other.Type.IsRequired };
        if (one.Type.Name == other.Type.Name && (!one.Type.IsNested || one.Type == other.Type))
        {
            // The description that fits both, if there is one.
            return merged.IsNullable && one.Type.IsRequired && !other.Type.IsRequired ? other with { IsNullable = true } : merged;
        }
        bool isWider = Widening.Takes(other.Type, one.Type);
        if (!isWider && !Widening.Takes(one.Type, other.Type))
        {
            throw Differ(one, other, "name the columns to read in source.parquet.columns without it, or write the files with one type.");
        }
        return !widens ? throw Differ(one, other, "source.parquet.onSchemaChange: widen reads both as the wider.")
            : isWider ? other with { IsNullable = merged.IsNullable } : merged;
    }

    private static PipelineException Differ(Column one, Column other, string remedy) => new(
        $"the files of one dataset must have the same columns: column '{one.Name}' is {Text(other)} in {other.Path}, "
        + $"but {Text(one)} in {one.Path}: {remedy}");

    private static string Text(Column column) => column.Type.IsNested && column.Type.IsRequired ? $"never null, {column.Type}" : column.Type.Name;

    // The path is of the file that the description is taken from.
    private sealed record Column(string Name, ColumnType Type, RowSchema Schema, string Path, bool IsNullable)
    {
        public static Column Of(string name, ParquetSourceFile file)
        {
            var type = file.Schema.Columns.First(column => column.Name == name).Type;
            return new(name, type, file.Schema, file.Path, !type.IsRequired);
        }
    }
}
