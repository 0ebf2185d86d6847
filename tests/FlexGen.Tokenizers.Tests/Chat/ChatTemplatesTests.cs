using System.Text.Json;
using FlexGen.Tokenizers.Chat;

namespace FlexGen.Tokenizers.Tests.Chat;

public sealed class ChatTemplatesTests : IDisposable
{
    private static readonly JsonElement messages = JsonElement.Parse("""[{"role": "user", "content": "hi"}]""");
    private static readonly JsonElement tools = JsonElement.Parse("""[{"type": "function"}]""");
    private readonly ChangedFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Files_win_over_the_configuration_and_that_over_the_processors()
    {
        Write("chat_template.json", """{"chat_template": "processor"}""");
        Assert.Equal("processor", Render());
        Write("tokenizer_config.json", """{"chat_template": "configuration"}""");
        Assert.Equal("configuration", Render());
        Write("chat_template.jinja", "file\r\n\n");
        Assert.Equal("file\n", Render());
    }

    [Fact]
    public void Of_several_templates_the_one_for_tools_is_taken_where_there_are_tools_and_any_by_its_name()
    {
        Write("tokenizer_config.json", """{"chat_template": [{"name": "default", "template": "d"}, {"name": "tool_use", "template": "t"}, {"name": "rag", "template": "r"}]}""");
        Assert.Equal("d", Render());
        Assert.Equal("t", Render(new ChatSettings { Tools = tools }));
        Assert.Equal("r", Render(new ChatSettings { TemplateName = "rag", Tools = tools }));
        Assert.Contains("named nope; it has: default, rag, tool_use.", Refused(new ChatSettings { TemplateName = "nope" }), StringComparison.Ordinal);
    }

    [Fact]
    public void Additional_files_stand_beside_the_default_one()
    {
        Write("tokenizer_config.json", """{"chat_template": "configuration"}""");
        Directory.CreateDirectory(Path.Combine(folder.Path, "additional_chat_templates"));
        Write("additional_chat_templates/rag.jinja", "rag {{ documents[0].title }}");
        Write("chat_template.jinja", "default");
        Assert.Equal("default", Render(new ChatSettings { Tools = tools }));
        var documents = JsonElement.Parse("""[{"title": "one"}]""");
        Assert.Equal("rag one", Render(new ChatSettings { TemplateName = "rag", Arguments = new Dictionary<string, JsonElement> { ["documents"] = documents } }));
    }

    [Fact]
    public void A_template_has_the_variables_that_transformers_gives_it()
    {
        Write("tokenizer_config.json", """
            {"bos_token": "<s>", "eos_token": {"content": "</s>"}, "pad_token": null, "extra_special_tokens": {"image_token": "<i>"}}
            """);
        Write("chat_template.jinja", "{{ bos_token }}{{ eos_token }}{{ pad_token is defined }}{{ image_token }}{{ tools is none }}{{ documents is none }}"
            + "{{ add_generation_prompt }}{{ thinking }}{{ when }}{{ strftime_now('%d %b %Y') }}");
        Assert.Equal("<s></s>False<i>TrueTrueTrueFalsenow06 Jan 2026", Render(new ChatSettings
        {
            Arguments = new Dictionary<string, JsonElement> { ["thinking"] = JsonElement.Parse("false"), ["when"] = JsonElement.Parse("\"now\"") },
            Time = new FixedTime(new DateTimeOffset(2026, 1, 6, 9, 8, 7, TimeSpan.Zero)),
        }));
    }

    [Theory]
    [InlineData("messages")]
    [InlineData("tools")]
    [InlineData("add_generation_prompt")]
    public void An_argument_with_a_name_that_is_taken_is_refused(string name)
    {
        Write("chat_template.jinja", "x");
        Assert.Contains(name, Refused(new ChatSettings { Arguments = new Dictionary<string, JsonElement> { [name] = tools } }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_template_is_refused() =>
        Assert.Contains("has no chat template", Assert.Throws<ChatTemplateException>(() => ChatTemplates.Load(folder.Path)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"chat_template": 5}""")]
    [InlineData("""{"chat_template": [5]}""")]
    [InlineData("""{"chat_template": [{"name": "default"}]}""")]
    public void A_template_of_another_kind_is_refused(string config)
    {
        Write("tokenizer_config.json", config);
        Assert.Contains("chat_template", Assert.Throws<TokenizerException>(() => ChatTemplates.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("\"hi\"")]
    [InlineData("[5]")]
    [InlineData("""[{"content": "x"}]""")]
    [InlineData("""[{"role": 5, "content": "x"}]""")]
    [InlineData("""[{"role": "user", "content": "\ud800"}]""")]
    public void What_are_no_messages_is_refused(string json)
    {
        Write("chat_template.jinja", "{{ messages }}");
        Assert.Contains("message", Assert.Throws<ChatTemplateException>(() => ChatTemplates.Load(folder.Path).Render(JsonElement.Parse(json), new ChatSettings())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Threads_share_templates()
    {
        Write("chat_template.jinja", "{% for m in messages %}{{ m.content | upper }}{{ loop.index }}{% endfor %}");
        var templates = ChatTemplates.Load(folder.Path);
        Parallel.For(0, 1000, i => Assert.Equal($"X{i}1", templates.Render([new ChatMessage("user", $"x{i}", [])], new ChatSettings()).Text));
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(folder.Path, name), text);

    private string Render(ChatSettings? settings = null) => ChatTemplates.Load(folder.Path).Render(messages, settings ?? new ChatSettings()).Text;

    private string Refused(ChatSettings settings) =>
        Assert.Throws<ChatTemplateException>(() => ChatTemplates.Load(folder.Path).Require(settings)).Message;
}
