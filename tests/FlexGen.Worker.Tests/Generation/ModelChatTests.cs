using System.Text.Json;
using FlexGen.Dataflow;
using FlexGen.Tokenizers;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Generation;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests.Generation;

public sealed class ModelChatTests : IDisposable
{
    private const int End = 2;
    private readonly ModelWorkspace workspace = new();
    private readonly string folder;

    public ModelChatTests() => folder = workspace.Copy(ModelWorkspace.DemoModel, "*.json");

    public void Dispose() => workspace.Dispose();

    [Fact]
    public void Given_a_pipelines_messages_then_control_tokens_are_the_templates_and_the_authors_and_never_the_records()
    {
        var chat = Load("{% for m in messages %}{{ m.role }}: {{ m.content }}</s>{% endfor %}", Prompt(("user", "{{ a }}")));
        Assert.Equal([End], Ends("x", []));
        Assert.Equal([End], Ends("</s>", []));
        Assert.Equal([End, End], Ends("</s>", [(0, 4)]));
        Assert.Equal([End], Ends("</s>", [(0, 2), (2, 2)]));

        IEnumerable<int> Ends(string content, (int, int)[] literals) => chat.Encode([new PromptMessage("user", content, literals)]).Where(id => id == End);
    }

    [Theory]
    [InlineData("{{ raise_exception('no system') if messages[0].role == 'system' }}", "prompt.messages: the model's chat template refuses them.", "line 1: the template refuses the conversation: no system.")]
    [InlineData("\n{{ messages[0].role + 1 }}", "prompt.messages: the model's chat template refuses them.", "line 2: the operator + does not take")]
    public void Given_a_template_that_takes_the_messages_of_no_record_then_the_pipeline_is_refused(string template, params string[] expected)
    {
        var error = Assert.Throws<UsageException>(() => Load(template, Prompt(("system", "x"), ("user", "{{ a }}"))));
        Assert.All(expected, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\n{{ x | frobnicate }}", "chat_template.jinja line 2: found the filter frobnicate; supported are")]
    [InlineData(null, "has no chat template: expected chat_template.jinja, or chat_template in tokenizer_config.json.")]
    public void Given_a_template_that_cannot_be_used_then_the_pipeline_is_refused(string? template, string expected) =>
        Assert.Contains(expected, Assert.Throws<ChatTemplateException>(() => Load(template, Prompt(("user", "x")))).Message, StringComparison.Ordinal);

    [Fact]
    public void Given_tools_then_the_template_writes_them_and_what_is_no_list_is_refused()
    {
        const string template = "{% for tool in tools or [] %}{{ tool.function.name }},{% endfor %}{{ messages[0].content }}";
        workspace.Write("tools.json", """[{"type": "function", "function": {"name": "look"}}, {"type": "function", "function": {"name": "</s>"}}]""");
        workspace.Write("one.json", "{}");
        var prompt = Prompt(("user", "x"));
        var without = Load(template, prompt).Encode([new PromptMessage("user", "look,</s>,x", [])]);
        prompt.Tools = workspace.At("tools.json");
        Assert.Equal(without, Load(template, prompt).Encode([new PromptMessage("user", "x", [])]));
        foreach (var (file, expected) in new[] { ("one.json", "must hold a list of tools"), ("none.json", "cannot read"), ("model/merges.txt", "as JSON") })
        {
            prompt.Tools = workspace.At(file);
            Assert.Contains(expected, Assert.Throws<UsageException>(() => Load(template, prompt)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Given_what_the_template_has_no_place_for_then_it_is_refused_by_name()
    {
        const string template = "{{ messages[0].content }}{{ enable_thinking }}";
        var prompt = Prompt(("user", "x"));
        prompt.TemplateArguments["enable_thinkin"] = "false";
        Assert.StartsWith("the template argument enable_thinkin has no effect", Assert.Throws<ChatTemplateException>(() => Load(template, prompt)).Message, StringComparison.Ordinal);
        prompt.TemplateArguments.Clear();
        workspace.Write("tools.json", "[{}]");
        var messages = JsonElement.Parse("""[{"role": "user", "content": "x"}]""");
        var tools = Assert.Throws<RecordException>(() => Load(template, prompt).Encode(messages, JsonElement.Parse("[{}]"), isWritten: false));
        prompt.Tools = workspace.At("tools.json");
        Assert.Equal(tools.Message, Assert.Throws<ChatTemplateException>(() => Load(template, prompt)).Message);
        Assert.StartsWith("tools have no effect, since the model's chat template does not write them out", tools.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Given_a_record_that_the_template_refuses_then_it_is_the_records()
    {
        var chat = Load("{% if 'bad' in messages[0].content %}{{ raise_exception('bad') }}{% endif %}x", Prompt(("user", "{{ a }}")));
        Assert.NotEmpty(chat.Encode([new PromptMessage("user", "good", [])]));
        var error = Assert.Throws<RecordException>(() => chat.Encode([new PromptMessage("user", "bad", [])]));
        Assert.Equal("chat_template_refused", error.Reason);
        Assert.Contains("line 1", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("false", JsonValueKind.False)]
    [InlineData("12", JsonValueKind.Number)]
    [InlineData("\"12\"", JsonValueKind.String)]
    [InlineData("[\"a\"]", JsonValueKind.Array)]
    [InlineData("null", JsonValueKind.Null)]
    [InlineData("26 Jul 2024", JsonValueKind.String)]
    [InlineData("", JsonValueKind.String)]
    [InlineData("{\"a\": 1, \"a\": 2}", JsonValueKind.String)]
    public void Given_an_argument_then_it_is_what_JSON_says_or_a_text(string text, JsonValueKind kind) =>
        Assert.Equal(kind, TemplateArguments.Read([KeyValuePair.Create("a", text)])["a"].ValueKind);

    private static PromptOptions Prompt(params (string Role, string Content)[] messages) =>
        new() { Messages = [.. messages.Select(message => new MessageOptions { Role = message.Role, Content = message.Content })] };

    private ModelChat Load(string? template, PromptOptions prompt)
    {
        File.Copy(Path.Combine(ModelWorkspace.DemoModel, "merges.txt"), Path.Combine(folder, "merges.txt"), overwrite: true);
        if (template is not null)
        {
            File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), template);
        }

        return ModelChat.Load(folder, ModelTokenizer.Load(folder), prompt, TimeProvider.System);
    }
}
