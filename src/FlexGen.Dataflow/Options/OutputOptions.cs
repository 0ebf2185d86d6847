using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

public class OutputOptions
{
    /// <summary>The path of a JSON schema file. Outputs that are not JSON of this schema go to the dead letter.</summary>
    [Required]
    public string Schema { get; set; } = "";
}
