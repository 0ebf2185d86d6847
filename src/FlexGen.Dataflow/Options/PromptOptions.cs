using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

public class PromptOptions
{
    /// <summary>The prompt's text, with <c>{{ column }}</c> where a column's value goes.</summary>
    [Required]
    public string Template { get; set; } = "";
}
