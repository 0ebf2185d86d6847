using System.Text.Json;
using FlexGen.Dataflow;
using FlexGen.Engine;
using FlexGen.Engine.Checkpoints;
using FlexGen.Tokenizers;
using FlexGen.Tokenizers.Chat;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Generation;

/// <summary>Conversations as a model folder's chat template writes them, as token ids.</summary>
internal sealed class ModelChat(ChatTemplates templates, Tokenizer tokenizer, ChatSettings settings)
{
    private const string Tools = "tools";
    private const string NoTools =
        "tools have no effect, since the model's chat template does not write them out: leave them out, or tell of them in a message.";

    private static readonly string[] files = ["chat_template.jinja", "chat_template.json", "tokenizer_config.json"];

    /// <exception cref="CheckpointException">A file of it was not fetched.</exception>
    /// <exception cref="ChatTemplateException">The folder has no such template, or one that cannot be used.</exception>
    public static ModelChat Load(string folder, Tokenizer tokenizer, ChatSettings settings)
    {
        ModelFolder.RequireFetched(folder, files);
        var templates = ChatTemplates.Load(folder);
        templates.Require(settings);
        if (settings.Arguments.Keys.FirstOrDefault(name => !templates.Mention(name)) is { } idle)
        {
            throw new ChatTemplateException($"the template argument {idle} has no effect, since the model's chat template has no such variable: leave it out.");
        }

        return settings.Tools is null || templates.Mention(Tools) ? new ModelChat(templates, tokenizer, settings) : throw new ChatTemplateException(NoTools);
    }

    /// <summary>As a pipeline file asks for it.</summary>
    /// <exception cref="CheckpointException">A file of it was not fetched.</exception>
    /// <exception cref="ChatTemplateException">The folder has no such template, or one that cannot be used.</exception>
    /// <exception cref="UsageException">The template refuses the messages: a role, say.</exception>
    public static ModelChat Load(string folder, Tokenizer tokenizer, PromptOptions prompt, TimeProvider? time)
    {
        var chat = Load(folder, tokenizer, new ChatSettings
        {
            TemplateName = prompt.ChatTemplate,
            Arguments = TemplateArguments.Read(prompt.TemplateArguments),
            Tools = prompt.Tools is null ? null : ReadTools(prompt.Tools),
            Time = time ?? TimeProvider.System,
        });
        chat.Require(prompt);
        return chat;
    }

    private static JsonElement ReadTools(string path) => JsonSource.Read("prompt.tools", path) is { ValueKind: JsonValueKind.Array } tools
        ? tools
        : throw new UsageException($"prompt.tools: {path} must hold a list of tools, each a JSON object.");

    private void Require(PromptOptions prompt)
    {
        try
        {
            // What a record brings is a text like any other, so the content as it is written stands for all of them.
            templates.Render([.. prompt.Messages.Select(message => new ChatMessage(message.Role, message.Content!, []))], settings);
        }
        catch (ChatTemplateException e)
        {
            throw new UsageException($"prompt.messages: the model's chat template refuses them. {e.Message}");
        }
    }

    /// <summary>The ids of a pipeline's messages; only in their literals does the text of a control token stand for the token.</summary>
    /// <exception cref="RecordException">The template refuses them.</exception>
    public int[] Encode(IReadOnlyList<PromptMessage> messages) => OfRecord(() => templates.Render(
        [.. messages.Select(message => new ChatMessage(message.Role, message.Content, message.Literals))], settings));

    /// <summary>The ids of messages in JSON.</summary>
    /// <param name="messages">A list of objects with a role each.</param>
    /// <param name="tools">The tools that the model may call; null: none.</param>
    /// <param name="isWritten">Whether the text of a control token in them stands for the token.</param>
    /// <exception cref="RecordException">They are no such list, or the template refuses them.</exception>
    public int[] Encode(JsonElement messages, JsonElement? tools, bool isWritten)
    {
        if (tools is { ValueKind: not JsonValueKind.Null } given)
        {
            if (given.ValueKind != JsonValueKind.Array || given.EnumerateArray().Any(tool => tool.ValueKind != JsonValueKind.Object))
            {
                throw new RecordException("invalid_request", $"\"tools\" must be a list of objects, found {Excerpt.Of(given.GetRawText())}.");
            }

            if (given.GetArrayLength() > 0 && !templates.Mention(Tools))
            {
                throw new RecordException("chat_template_refused", NoTools);
            }
        }

        return OfRecord(() => templates.Render(messages, settings with { Tools = tools }, isWritten));
    }

    private int[] OfRecord(Func<RenderedChat> render)
    {
        try
        {
            return tokenizer.Encode(render());
        }
        catch (ChatTemplateException e)
        {
            throw new RecordException("chat_template_refused", e.Message, e);
        }
    }
}
