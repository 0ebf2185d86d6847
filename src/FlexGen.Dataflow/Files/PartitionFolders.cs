using System.Globalization;

namespace FlexGen.Dataflow.Files;

/// <summary>
/// The columns in the names of folders, such as <c>day=2026-01-01</c>. As in DuckDB a column is of whole numbers or dates where all its
/// values are written as such, <c>7</c> but not <c>07</c>, and of texts otherwise.
/// </summary>
internal sealed class PartitionFolders
{
    /// <summary>What Hive and Spark call the folder of rows without a value.</summary>
    private const string NoValue = "__HIVE_DEFAULT_PARTITION__";

    private readonly Dictionary<string, Dictionary<string, string?>> values;
    private readonly IReadOnlyList<(string Name, PartitionType Type, bool IsNullable)> columns;

    /// <param name="root">The folder that the files are named relative to, as far as its name counts.</param>
    /// <param name="files">Paths relative to it.</param>
    /// <exception cref="PipelineException">A path states a column twice.</exception>
    public PartitionFolders(string root, IReadOnlyList<string> files)
    {
        values = files.ToDictionary(file => file, file => ValuesOf(Path.Combine(root, file)));
        columns =
        [
            .. values.Values.SelectMany(ofFile => ofFile.Keys).Distinct().Select(name =>
            {
                var all = values.Values.Select(ofFile => ofFile.GetValueOrDefault(name)).ToArray();
                return (name, TypeOf([.. all.OfType<string>()]), all.Any(value => value is null));
            }),
        ];
    }

    /// <summary>The columns of one file.</summary>
    public IReadOnlyList<PartitionColumn> Of(string file) =>
    [
        .. columns.Where(column => values[file].ContainsKey(column.Name))
            .Select(column => new PartitionColumn(column.Type, column.IsNullable, column.Name, values[file][column.Name])),
    ];

    private static Dictionary<string, string?> ValuesOf(string path)
    {
        var found = new Dictionary<string, string?>();
        foreach (var folder in path.Split('/')[..^1])
        {
            if (folder.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
            {
                var name = Uri.UnescapeDataString(folder[..equals]);
                var value = Uri.UnescapeDataString(folder[(equals + 1)..]);
                if (!found.TryAdd(name, value == NoValue ? null : value))
                {
                    throw new PipelineException($"source.parquet.path: two folders of {path} state the column '{name}': rename one of them.");
                }
            }
        }

        return found;
    }

    private static PartitionType TypeOf(IReadOnlyList<string> values) =>
        values.Count == 0 ? PartitionType.Text
        : values.All(IsNumber) ? PartitionType.Number
        : values.All(value => DateOnly.TryParseExact(value, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)) ? PartitionType.Date
        : PartitionType.Text;

    private static bool IsNumber(string value) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && number.ToString(CultureInfo.InvariantCulture) == value;
}
