using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

public class ParquetSourceOptions
{
    /// <summary>
    /// A file, a folder (every *.parquet below it, hidden files and folders and those that begin with an underscore left out) or a
    /// glob with * and **.
    /// </summary>
    [Required]
    public string Path { get; set; } = "";

    /// <summary>The columns to read, all when not given. They reach the output in this order.</summary>
    [MinLength(1)]
    public IList<string>? Columns { get; set; }

    /// <summary>A record that has a value of more bytes goes to the dead letter without it.</summary>
    [Range(1, 1_000_000_000)]
    public int MaxValueBytes { get; set; } = 8 << 20;
}
