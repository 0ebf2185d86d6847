using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

public class ParquetSinkOptions
{
    /// <summary>The folder that receives part files; one pipeline's alone.</summary>
    [Required]
    public string Path { get; set; } = "";

    /// <summary>Other names for columns that the pipeline adds, by the names they have without.</summary>
    public IDictionary<string, string> Names { get; set; } = new Dictionary<string, string>();

    /// <summary>A part file is finished when it has this many rows.</summary>
    [Range(1L, long.MaxValue)]
    public long MaxRows { get; set; } = 1_000_000;

    /// <summary>A part file is finished when its first record has waited this long: what a kill can cost.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "24.00:00:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromMinutes(1);
}
