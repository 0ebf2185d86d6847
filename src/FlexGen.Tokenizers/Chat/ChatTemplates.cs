using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using FlexGen.Tokenizers.Loading;

namespace FlexGen.Tokenizers.Chat;

/// <summary>The chat templates of a checkpoint folder. Thread-safe.</summary>
public sealed class ChatTemplates
{
    private const string Default = "default", ForTools = "tool_use";
    // What transformers names itself.
    private static readonly string[] given = ["messages", "tools", "add_generation_prompt"];
    private readonly string folder;
    private readonly IReadOnlyDictionary<string, TemplateSource> sources;
    private readonly IReadOnlyDictionary<string, string> specialTokens;
    private readonly ConcurrentDictionary<string, Lazy<ChatTemplate>> read = new(StringComparer.Ordinal);

    private ChatTemplates(string folder, IReadOnlyDictionary<string, TemplateSource> sources, IReadOnlyDictionary<string, string> specialTokens)
    {
        this.folder = folder;
        this.sources = sources;
        this.specialTokens = specialTokens;
    }

    /// <summary>The names of the templates.</summary>
    public IEnumerable<string> Names => sources.Keys.Order(StringComparer.Ordinal);

    /// <summary>From chat_template.jinja and additional_chat_templates, else tokenizer_config.json, else chat_template.json.</summary>
    /// <exception cref="ChatTemplateException">There is none.</exception>
    /// <exception cref="TokenizerException">A file cannot be read.</exception>
    public static ChatTemplates Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var sources = TemplateFiles.Find(folder);
        return sources.Count > 0
            ? new ChatTemplates(folder, sources, new TokenizerConfig(folder).SpecialTokens)
            : throw new ChatTemplateException($"the model folder {folder} has no chat template: expected chat_template.jinja, or chat_template in "
                + "tokenizer_config.json. Use a checkpoint that was trained on conversations, or write the prompt out as text.");
    }

    /// <summary>Whether any of them has this name in it: what is given under another has no effect.</summary>
    public bool Mention(string name) => sources.Values.Any(source => Regex.IsMatch(source.Template, $@"(?<!\w){Regex.Escape(name)}(?!\w)"));

    /// <summary>Refuses what no conversation could be rendered with.</summary>
    /// <exception cref="ChatTemplateException">
    /// The template is not there, is wrong, or uses what is not supported; an argument has a name that is taken.
    /// </exception>
    public void Require(ChatSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        Choose(settings);
    }

    /// <summary>The text of a conversation.</summary>
    /// <param name="messages">What was said, in order.</param>
    /// <param name="settings">What else the template is given.</param>
    /// <exception cref="ChatTemplateException">The template refuses it, or cannot be used.</exception>
    public RenderedChat Render(IReadOnlyList<ChatMessage> messages, ChatSettings settings)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ArgumentNullException.ThrowIfNull(settings);
        return Choose(settings).Render(Conversation.Of(messages), settings);
    }

    /// <summary>The text of a conversation that is given as JSON.</summary>
    /// <param name="messages">A list of objects with a role each.</param>
    /// <param name="settings">What else the template is given.</param>
    /// <param name="isWritten">Whether the text of a control token in them stands for the token.</param>
    /// <exception cref="ChatTemplateException">The template refuses it, or cannot be used.</exception>
    public RenderedChat Render(JsonElement messages, ChatSettings settings, bool isWritten = false)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return Choose(settings).Render(Conversation.Of(messages, isWritten), settings);
    }

    private ChatTemplate Choose(ChatSettings settings)
    {
        if (given.FirstOrDefault(settings.Arguments.ContainsKey) is { } taken)
        {
            throw new ChatTemplateException($"an argument of the chat template cannot be named {taken}, which has a place of its own.");
        }

        var hasTools = settings.Tools is { ValueKind: not JsonValueKind.Null };
        var name = settings.TemplateName ?? (hasTools && sources.ContainsKey(ForTools) ? ForTools : Default);
        if (!sources.TryGetValue(name, out var source))
        {
            throw new ChatTemplateException($"the model folder {folder} has no chat template named {name}; it has: {string.Join(", ", Names)}.");
        }

        return read.GetOrAdd(name, _ => new Lazy<ChatTemplate>(() => ChatTemplate.Parse(source.Place, source.Template, specialTokens))).Value;
    }
}
