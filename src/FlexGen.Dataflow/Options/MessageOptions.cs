namespace FlexGen.Dataflow;

public class MessageOptions
{
    /// <summary>Who says it: <c>system</c>, <c>user</c> or <c>assistant</c>, or what else the model's chat template knows.</summary>
    public string Role { get; set; } = "";

    /// <summary>What is said, with <c>{{ column }}</c> where a column's value goes.</summary>
    public string? Content { get; set; }
}
