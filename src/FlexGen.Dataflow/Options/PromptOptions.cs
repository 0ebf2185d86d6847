using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

/// <summary>What the model is given for a record: one text, or messages that its chat template writes out.</summary>
public class PromptOptions
{
    /// <summary>The prompt's text, with <c>{{ column }}</c> where a column's value goes.</summary>
    public string? Template { get; set; }

    /// <summary>Messages in place of the text. The model's own chat template makes the prompt of them.</summary>
    public IList<MessageOptions> Messages { get; set; } = [];

    /// <summary>
    /// Variables of the chat template, such as <c>enable_thinking: false</c>. What is JSON is what JSON says, anything else is a text.
    /// </summary>
    public IDictionary<string, string> TemplateArguments { get; set; } = new Dictionary<string, string>();

    /// <summary>Which of several chat templates; not given: the default one.</summary>
    public string? ChatTemplate { get; set; }

    /// <summary>The path of a JSON file: a list of the tools that the model may call, which the chat template writes out.</summary>
    [Length(1, int.MaxValue, ErrorMessage = "{0} must name a file.")]
    public string? Tools { get; set; }

    /// <summary>What is wrong, each error beginning with a key's path.</summary>
    internal IEnumerable<string> Errors()
    {
        if (Messages.Count == 0 && string.IsNullOrEmpty(Template))
        {
            yield return "prompt.template is missing. Write the prompt's text there, or a list of messages as prompt.messages.";
        }

        if (Messages.Count > 0 && Template is not null)
        {
            yield return "prompt.template and prompt.messages are both given: keep one of them.";
        }

        var idle = TemplateArguments.Count > 0 ? "templateArguments" : ChatTemplate is not null ? "chatTemplate" : Tools is not null ? "tools" : null;
        if (Messages.Count == 0 && idle is not null)
        {
            yield return $"prompt.{idle} has no effect without prompt.messages: write messages in place of template, or leave it out.";
        }

        for (var i = 0; i < Messages.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(Messages[i]?.Role))
            {
                yield return $"prompt.messages.{i}.role is missing: write system, user or assistant, say.";
            }

            if (Messages[i]?.Content is null)
            {
                yield return $"prompt.messages.{i}.content is missing.";
            }
        }
    }
}
