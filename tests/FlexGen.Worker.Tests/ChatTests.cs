using System.Text.Json;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

public sealed class ChatTests : IDisposable
{
    private const string Text = "Order for Ada Lovelace from Turin over 12.50 EUR.";
    private const string Template = "{{ bos_token }}{% for m in messages %}{{ 'Text: ' + m.content if m.role == 'user' else m.content }}\n{% endfor %}{{ tools | length if tools }}{{ end | default('JSON:') }}";
    private readonly ModelWorkspace workspace = new();
    private readonly string model;

    public ChatTests()
    {
        model = workspace.Copy(ModelWorkspace.DemoModel);
        File.WriteAllText(Path.Combine(model, "chat_template.jinja"), Template);
    }

    public void Dispose() => workspace.Dispose();

    [Fact]
    public async Task Given_messages_when_generated_then_the_completion_is_that_of_the_prompt_which_the_template_writes()
    {
        workspace.WriteJson("in.jsonl",
            new { id = 1, prompt = $"Text: {Text}\nJSON:" },
            new { id = 2, messages = new[] { new { role = "user", content = Text } } },
            new { id = 3, messages = new[] { new { role = "user" } } });
        (await workspace.RunAsync("generate", "--model", model, "--input", "in.jsonl", "--output", "out.jsonl", "--max-new-tokens", "48")).Expect(1);
        var lines = workspace.Read("out.jsonl");
        Assert.Equal(lines[0].GetProperty("token_ids").GetRawText(), lines[1].GetProperty("token_ids").GetRawText());
        Assert.Contains("chat_template.jinja line 1: a dict has no 'content'", lines[2].GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_messages_when_tokenized_then_control_tokens_are_the_templates_and_options_reach_it()
    {
        object[] messages = [new { role = "user", content = "</s>" }];
        workspace.WriteJson("in.jsonl", new { id = 1, messages }, new { id = 2, messages, tools = new[] { new { type = "function" } } });
        Assert.Equal(["1 Text: </s>\nJSON:", "1 Text: </s>\n1JSON:"], await TokenizeAsync());
        Assert.Equal(["2 Text: \nJSON:", "2 Text: \n1JSON:"], await TokenizeAsync("--control-tokens"));
        Assert.Equal(["1 Text: </s>\n5", "1 Text: </s>\n15"], await TokenizeAsync("--template-argument", "end=5"));

        async Task<IEnumerable<string>> TokenizeAsync(params string[] options)
        {
            (await workspace.RunAsync(["tokenize", "--model", model, "--input", "in.jsonl", "--output", "out.jsonl", .. options])).Expect(0);
            return workspace.Read("out.jsonl").Select(line =>
                $"{line.GetProperty("token_ids").Deserialize<int[]>()!.Count(id => id == 2)} {line.GetProperty("text").GetString()}");
        }
    }

    [Fact]
    public async Task Given_lines_that_are_no_conversation_when_tokenized_then_each_has_one_error_and_the_others_go_on()
    {
        workspace.Write("in.jsonl", """{"id": 1, "text": "a", "messages": []}""", """{"id": 2, "messages": []}""", """{"id": 3, "messages": [{"content": "x"}]}""",
            """{"id": 4, "messages": [{"role": "user", "content": 5}]}""", """{"id": 5, "messages": [{"role": "user", "content": "\ud800"}]}""", """{"id": 6, "text": "a"}""");
        (await workspace.RunAsync("tokenize", "--model", model, "--input", "in.jsonl", "--output", "out.jsonl")).Expect(1);
        var errors = workspace.Read("out.jsonl").Select(line => line.TryGetProperty("error", out var error) ? error.GetString()! : "").ToList();
        Assert.Equal("line 1: expected either \"text\" or \"messages\".", errors[0]);
        Assert.StartsWith("line 2: expected messages as a list of one or more objects", errors[1], StringComparison.Ordinal);
        Assert.StartsWith("line 3: message 1 is no object with a \"role\"", errors[2], StringComparison.Ordinal);
        Assert.Contains("line 1: the operator + does not take a str and an int", errors[3], StringComparison.Ordinal);
        Assert.Contains("half of a surrogate pair", errors[4], StringComparison.Ordinal);
        Assert.Equal("", errors[5]);
    }

    [Theory]
    [InlineData("--chat-template", "rag", "has no chat template named rag; it has: default.", 1)]
    [InlineData("--template-argument", "messages=1", "cannot be named messages", 1)]
    [InlineData("--template-argument", "x", "expected name=value", 2)]
    public async Task Given_an_option_that_cannot_take_effect_then_it_is_refused(string option, string value, string expected, int exitCode)
    {
        workspace.WriteJson("in.jsonl", new { id = 1, text = "a" });
        var result = await workspace.RunAsync("tokenize", "--model", model, "--input", "in.jsonl", "--output", "out.jsonl", option, value);
        Assert.Contains(expected, result.Expect(exitCode).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_a_pipeline_of_messages_when_run_then_outputs_are_those_of_the_prompt_written_out()
    {
        Write("template: \"Text: {{ text }}\\nJSON:\"", ModelWorkspace.DemoModel, "text");
        Write("messages: [{ role: user, content: \"{{ text }}\" }]", model, "chat");
        foreach (var name in new[] { "text", "chat" })
        {
            (await workspace.RunAsync("run", $"{name}.yaml")).Expect(0);
        }

        Assert.Equal(Outputs("text"), Outputs("chat"));
        var echo = await workspace.RunAsync("validate", "chat.yaml", "--set", "model.path=", "--set", "model.echo=true");
        Assert.Contains("prompt.messages need a model", echo.Expect(2).Error, StringComparison.Ordinal);

        string Outputs(string name) => Workspace.Query<string>(
            $"SELECT string_agg(id || ' ' || output || ' ' || prompt_tokens, '\n' ORDER BY id) FROM read_parquet('{workspace.At($"out/{name}/*.parquet")}')");
    }

    private void Write(string prompt, string path, string name)
    {
        Workspace.Query<object>($"COPY (SELECT id, text FROM '{Path.Combine(Repository.Root, "pipelines/demo/data/*.parquet")}' ORDER BY id LIMIT 20) TO '{workspace.At("few.parquet")}' (FORMAT parquet)");
        workspace.Write($"{name}.yaml", $$"""
            name: {{name}}
            source: { parquet: { path: few.parquet } }
            prompt:
              {{prompt}}
            generation: { maxNewTokens: 48, stop: ["\n"] }
            model: { path: "{{path}}" }
            sink: { parquet: { path: out/{{name}} } }
            deadLetter: { parquet: { path: out/{{name}}-errors } }
            """);
    }
}
