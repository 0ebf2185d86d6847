using System.Text.Json;
using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat;

/// <summary>Messages as the values that a template sees.</summary>
internal static class Conversation
{
    // Some templates put a token together from the role. One of these is structure, whoever states it.
    private static readonly HashSet<string> roles = ["system", "developer", "user", "assistant", "tool", "function", "ipython", "model"];

    public static IReadOnlyList<object> Of(IReadOnlyList<ChatMessage> messages) =>
        [.. messages.Select(message => new DictValue([Member("role", Text.OfTemplate(message.Role)), Member("content", Content(message))]))];

    /// <param name="messages">A list of objects with a role each.</param>
    /// <param name="isWritten">Whether their texts are their author's, and no record's.</param>
    /// <exception cref="ChatTemplateException">They are something else.</exception>
    public static IReadOnlyList<object> Of(JsonElement messages, bool isWritten)
    {
        if (messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
        {
            throw new ChatTemplateException("expected messages as a list of one or more objects such as {\"role\": \"user\", \"content\": \"...\"}.");
        }

        try
        {
            return [.. messages.EnumerateArray().Select((message, i) => Message(message, i, isWritten))];
        }
        catch (TemplateFailure failure)
        {
            throw new ChatTemplateException($"the messages cannot be read: {failure.Message}.", failure);
        }
    }

    private static DictValue Message(JsonElement message, int index, bool isWritten)
    {
        if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("role", out var role) || role.ValueKind != JsonValueKind.String)
        {
            throw new ChatTemplateException($"message {index + 1} is no object with a \"role\" that is a string.");
        }

        return new DictValue(((DictValue)JsonValues.Read(message, isWritten)).Items.Select(
            item => item is { Key: Text { Value: "role" }, Value: Text { Value: var name } } && roles.Contains(name)
                ? Member("role", Text.OfTemplate(name))
                : item));
    }

    private static KeyValuePair<object, object> Member(string name, object value) => KeyValuePair.Create<object, object>(Text.OfTemplate(name), value);

    private static Text Content(ChatMessage message) => new(message.Content, [.. message.Literals.Where(literal => literal.Length > 0)]);
}
