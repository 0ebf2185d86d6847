using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

public class ParquetSourceOptions
{
    internal const string Widen = "widen";

    /// <summary>
    /// A file, a folder (every *.parquet, *.parq and *.pq below it, hidden files and folders and those that begin with an underscore left
    /// out) or a glob with *, **, ?, [a-z] and {a,b}. Folders such as <c>day=2026-01-01</c> are columns.
    /// </summary>
    [Required]
    public string Path { get; set; } = "";

    /// <summary>The columns to read, all when not given. They reach the output in this order.</summary>
    [MinLength(1)]
    public IList<string>? Columns { get; set; }

    /// <summary>A record that has a value of more bytes goes to the dead letter without it.</summary>
    [Range(1, 1_000_000_000)]
    public int MaxValueBytes { get; set; } = 4 << 20;

    /// <summary>
    /// What to do where a file's columns are not those of the first: <c>refuse</c>; or <c>widen</c>, to read whole numbers, floating-point ones, decimals,
    /// times and timestamps as the smallest type that takes the values of all files, and a column that a file lacks as null.
    /// </summary>
    [Required]
    [AllowedValues("refuse", Widen, ErrorMessage = "{0} must be refuse or widen.")]
    public string OnSchemaChange { get; set; } = "refuse";

    /// <summary>Of the pages of all columns that are read together: where there are more, the largest are not held whole, if they can be read so.</summary>
    internal long OpenPageBytes { get; set; } = 32 << 20;

    /// <summary>Of the pages that are held all the same: where there are more, the file is refused. By default half of what the process may have.</summary>
    internal long MostPageBytes { get; set; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
}
