using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Prompts;

/// <summary>What a record's prompt is made by: one template, or a template for each message.</summary>
internal sealed class PromptForm
{
    private readonly IReadOnlyList<(string? Role, PromptTemplate Template)> parts;

    private PromptForm(IReadOnlyList<(string? Role, PromptTemplate Template)> parts) => this.parts = parts;

    /// <summary>For a source without records.</summary>
    public static PromptForm Empty { get; } = new([(null, PromptTemplate.Empty)]);

    /// <exception cref="PipelineException">A brace is not closed, a column is unknown or has no text.</exception>
    public static PromptForm Parse(PromptOptions options, RowSchema schema) =>
        new([.. Parts(options).Select(part => (part.Role, PromptTemplate.Parse(part.Text, schema, part.Key)))]);

    /// <summary>The columns that a prompt names, for a source that has whatever is asked of it.</summary>
    /// <exception cref="PipelineException">A brace is not closed.</exception>
    public static IReadOnlyList<string> Columns(PromptOptions options) =>
        [.. Parts(options).SelectMany(part => PromptTemplate.Columns(part.Text, part.Key)).Distinct()];

    /// <inheritdoc cref="PromptTemplate.Render"/>
    public Prompt Render(Rows rows, int row)
    {
        if (parts is [(null, var template)])
        {
            return template.Render(rows, row);
        }

        var messages = new PromptMessage[parts.Count];
        for (var i = 0; i < messages.Length; i++)
        {
            var content = parts[i].Template.Render(rows, row);
            messages[i] = new PromptMessage(parts[i].Role!, content.Text, content.Literals);
        }

        return new Prompt("", []) { Messages = messages };
    }

    private static IEnumerable<(string? Role, string Text, string Key)> Parts(PromptOptions options) => options.Messages.Count == 0
        ? [(null, options.Template!, PromptTemplate.Key)]
        : options.Messages.Select((message, i) => ((string?)message.Role, message.Content!, $"prompt.messages.{i}.content"));
}
