using System.Text.Json;
using FlexGen.Tokenizers.Chat.Running;
using FlexGen.Tokenizers.Chat.Syntax;
using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat;

/// <summary>A template that writes a conversation as the model was trained on it. It reaches nothing but the values that it is given,
/// and takes a bounded number of steps. Thread-safe.</summary>
internal sealed class ChatTemplate
{
    public const int LongestTemplate = 1 << 20;
    private readonly string source;
    private readonly IReadOnlyList<Statement> statements;
    private readonly IReadOnlyDictionary<string, string> specialTokens;

    private ChatTemplate(string source, IReadOnlyList<Statement> statements, IReadOnlyDictionary<string, string> specialTokens)
    {
        this.source = source;
        this.statements = statements;
        this.specialTokens = specialTokens;
    }

    /// <param name="source">Where the template stands, for messages.</param>
    /// <param name="template">The template.</param>
    /// <param name="specialTokens">The texts of special tokens by their names, such as <c>bos_token</c>.</param>
    /// <exception cref="ChatTemplateException">It is wrong, or uses what is not supported.</exception>
    public static ChatTemplate Parse(string source, string template, IReadOnlyDictionary<string, string> specialTokens)
    {
        try
        {
            return template.Length <= LongestTemplate
                ? new ChatTemplate(source, TemplateParser.Read(template, Library.Known), specialTokens)
                : throw new TemplateFailure($"found {template.Length:N0} characters; expected at most {LongestTemplate:N0}");
        }
        catch (TemplateFailure failure)
        {
            throw new ChatTemplateException(Message(source, failure), failure);
        }
    }

    /// <param name="messages">The messages; it is the template's to say which it takes.</param>
    /// <param name="settings">What else it is given.</param>
    /// <exception cref="ChatTemplateException">The template refuses them, or takes too much.</exception>
    public RenderedChat Render(IReadOnlyList<object> messages, ChatSettings settings)
    {
        var budget = new Budget();
        try
        {
            var text = budget.While(() => new Interpreter(budget, Variables(messages, settings), settings.Time).Render(statements));
            return new RenderedChat(text.Value, text.Written);
        }
        catch (TemplateFailure failure)
        {
            throw new ChatTemplateException(Message(source, failure), failure);
        }
    }

    private static string Message(string source, TemplateFailure failure) =>
        $"{source}{(failure.Line > 0 ? $" line {failure.Line}" : "")}: {failure.Message}.";

    private Scope Variables(IReadOnlyList<object> messages, ChatSettings settings)
    {
        var variables = new Scope(null);
        foreach (var (name, token) in specialTokens)
        {
            variables.Set(name, Text.OfTemplate(token));
        }

        variables.Set("documents", None.Value);
        foreach (var (name, value) in settings.Arguments)
        {
            variables.Set(name, JsonValues.Read(value, isWritten: true));
        }

        variables.Set("messages", new ListValue(messages));
        variables.Set("tools", settings.Tools is { ValueKind: not JsonValueKind.Null } tools ? JsonValues.Read(tools, isWritten: false) : None.Value);
        variables.Set("add_generation_prompt", settings.AddGenerationPrompt);
        return variables;
    }
}
