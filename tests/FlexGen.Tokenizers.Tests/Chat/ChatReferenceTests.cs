using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FlexGen.Tokenizers.Chat;
using FlexGen.Tokenizers.Loading;

namespace FlexGen.Tokenizers.Tests.Chat;

public class ChatReferenceTests
{
    private static readonly List<JsonElement> conversations = Reference.Lines("chat", "conversations.jsonl");

    [Theory]
    [InlineData("chatglm3")]
    [InlineData("command_r_plus")]
    [InlineData("deepseek_v3")]
    [InlineData("gemini")]
    [InlineData("gemma3")]
    [InlineData("gpt4")]
    [InlineData("internlm2")]
    [InlineData("llama2")]
    [InlineData("llama3")]
    [InlineData("llama3_1")]
    [InlineData("llama3_2")]
    [InlineData("mistral_nemo")]
    [InlineData("qwen1_5")]
    [InlineData("qwen2_5")]
    [InlineData("qwen3")]
    public void Every_conversation_has_the_ids_that_Jinja_and_the_original_tokenizers_give_it_by_the_published_templates(string vocabulary)
    {
        var folder = PublishedTemplates.FolderOf(vocabulary);
        var ofModels = PublishedTemplates.OfModels();
        var tokenizer = TokenizerLoader.Load(folder);
        var lines = Reference.Lines("chat", "chats.jsonl").Where(line => line.Text("vocabulary") == vocabulary).ToList();
        List<string> wrong = [];
        foreach (var line in lines)
        {
            using var changed = new ChangedFolder();
            File.Copy(Path.Combine(folder, "tokenizer_config.json"), Path.Combine(changed.Path, "tokenizer_config.json"));
            // A vocabulary's own template, one of several that it has by name, or another model's.
            var name = line.Text("name").Split('/');
            if (name[0] != vocabulary)
            {
                File.WriteAllText(Path.Combine(changed.Path, "chat_template.jinja"), ofModels[line.Text("name")]);
            }

            var templates = ChatTemplates.Load(changed.Path);
            var expected = line.GetProperty("ids").EnumerateArray().Select(ids => ids.GetString());
            wrong.AddRange(conversations.Zip(expected).Where(pair => Hash(templates, tokenizer, pair.First, name.ElementAtOrDefault(1)) != pair.Second)
                .Select(pair => $"{line.Text("name")}: {pair.First.Text("name")}"));
        }

        Assert.NotEmpty(lines);
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    private static string? Hash(ChatTemplates templates, Tokenizer tokenizer, JsonElement conversation, string? named)
    {
        try
        {
            var chat = templates.Render(conversation.GetProperty("messages"), Settings(conversation) with { TemplateName = named });
            // The original library makes control tokens of a message's text, too, as is done here only where the text is trusted.
            var messages = conversation.GetProperty("messages").ToString();
            var isTrusted = tokenizer.ControlTokens.Any(token => messages.Contains(token.Text, StringComparison.Ordinal));
            var ids = isTrusted ? tokenizer.Encode(chat.Text, [(0, chat.Text.Length)], addSpecialTokens: false) : tokenizer.Encode(chat);
            var hash = SHA256.HashData(Encoding.ASCII.GetBytes(string.Join(',', ids)));
            return string.Create(CultureInfo.InvariantCulture, $"{ids.Length} {Convert.ToHexStringLower(hash)[..12]}");
        }
        catch (ChatTemplateException)
        {
            return null;
        }
    }

    private static ChatSettings Settings(JsonElement conversation) => new()
    {
        AddGenerationPrompt = !conversation.TryGetProperty("add_generation_prompt", out var adds) || adds.GetBoolean(),
        Tools = conversation.TryGetProperty("tools", out var tools) ? tools : null,
        Arguments = conversation.TryGetProperty("arguments", out var arguments)
            ? arguments.EnumerateObject().ToDictionary(argument => argument.Name, argument => argument.Value)
            : [],
        Time = new FixedTime(new DateTimeOffset(2026, 1, 6, 9, 8, 7, 6, TimeSpan.Zero)),
    };
}
