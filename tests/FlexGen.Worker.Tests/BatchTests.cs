using System.Text.Json;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

public sealed class BatchTests : IDisposable
{
    private const string Template = "{{ bos_token }}{% for m in messages %}{{ 'Text: ' + m.content }}\n{% endfor %}{{ tools | length if tools }}JSON:";
    private static readonly string[] texts = [.. Enumerable.Range(1, 6).Select(n => $"Order for Ada Lovelace from Turin over {n}2.50 EUR.")];
    private readonly ModelWorkspace workspace = new();
    private readonly string model;

    public BatchTests()
    {
        model = workspace.Copy(ModelWorkspace.DemoModel);
        File.WriteAllText(Path.Combine(model, "chat_template.jinja"), Template);
    }

    public void Dispose() => workspace.Dispose();

    [Fact]
    public async Task Given_chats_and_prompts_when_answered_then_answers_are_those_of_generate_and_lines_are_the_formats()
    {
        workspace.WriteJson("prompts.jsonl", texts.Select((text, n) => new { id = n, prompt = $"Text: {text}\nJSON:" }));
        (await workspace.RunAsync(
            "generate", "--model", model, "--input", "prompts.jsonl", "--output", "generated.jsonl", "--temperature", "0.9", "--seed", "5", "--stop", "\n", "--max-new-tokens", "40")).Expect(0);
        workspace.WriteJson("requests.jsonl", texts.SelectMany((text, n) => new[]
        {
            Chat($"chat {n}", new { model = "m", messages = Messages(text), temperature = 0.9, seed = 5, stop = "\n", max_completion_tokens = 40 }),
            Completion($"text {n}", new { model = "m", prompt = $"Text: {text}\nJSON:", temperature = 0.9, seed = 5, stop = new[] { "\n" }, max_tokens = 40, n = 1, user = "u" }),
        }));
        var result = (await BatchAsync("--json")).Expect(0);
        var generated = workspace.Read("generated.jsonl");
        var answers = Answers("results.jsonl");
        Assert.Equal(12, answers.Count);
        for (var n = 0; n < texts.Length; n++)
        {
            var chat = answers[$"chat {n}"];
            Assert.Equal($"batch_req_{(2 * n) + 1}", chat.GetProperty("id").GetString());
            Assert.Equal((200, JsonValueKind.Null), (chat.GetProperty("response").GetProperty("status_code").GetInt32(), chat.GetProperty("error").ValueKind));
            var body = Body(chat);
            Assert.Equal("chat.completion", body.GetProperty("object").GetString());
            var choice = Assert.Single(body.GetProperty("choices").EnumerateArray());
            Assert.Equal("assistant", choice.GetProperty("message").GetProperty("role").GetString());
            Assert.Equal(generated[n].GetProperty("text").GetString(), choice.GetProperty("message").GetProperty("content").GetString());
            Assert.Equal(generated[n].GetProperty("finish_reason").GetString(), choice.GetProperty("finish_reason").GetString());
            var tokens = generated[n].GetProperty("token_ids").GetArrayLength();
            var usage = body.GetProperty("usage");
            Assert.Equal(tokens, usage.GetProperty("completion_tokens").GetInt32());
            Assert.Equal(tokens + usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("total_tokens").GetInt32());
            var text = Body(answers[$"text {n}"]);
            Assert.Equal("text_completion", text.GetProperty("object").GetString());
            Assert.Equal(generated[n].GetProperty("text").GetString(), text.GetProperty("choices")[0].GetProperty("text").GetString());
        }

        Assert.Equal(["warning: \"model\" in a request's body has no effect.", "warning: \"user\" in a request's body has no effect."], Lines(result.Error));
        Assert.Equal((12, 0), (Report(result, "records"), Report(result, "errors")));
    }

    [Fact]
    public async Task Given_bad_requests_when_answered_then_each_has_an_error_by_its_line_and_the_others_go_on()
    {
        (object Line, string Error)[] lines =
        [
            (Chat("good", new { messages = Messages("a"), max_tokens = 1 }), ""),
            ("not json", "line 2: not JSON"),
            (new { method = "POST" }, "line 3: expected a \"custom_id\", a string."),
            (new { custom_id = 4, method = "POST" }, "line 4: expected a \"custom_id\", a string."),
            (Chat("good", new { messages = Messages("a") }), "line 5: its custom_id \"good\" is that of line 1, too"),
            (new { custom_id = "get", method = "GET", url = "/v1/chat/completions", body = new { } }, "line 6: \"method\" is GET; expected POST."),
            (new { custom_id = "url", method = "POST", url = "/v1/embeddings", body = new { } }, "line 7: \"url\" is /v1/embeddings; expected /v1/chat/completions or /v1/completions."),
            (new { custom_id = "key", method = "POST", url = "/v1/completions", body = new { }, extra = 1 }, "line 8: \"extra\" is not known."),
            (Completion("unknown", new { prompt = "a", max_token = 3 }), "line 9: \"max_token\" is not known for /v1/completions; did you mean 'max_tokens'?"),
            (Completion("chat field", new { prompt = "a", tools = Array.Empty<object>() }), "line 10: \"tools\" is not known for /v1/completions"),
            (Completion("many", new { prompt = "a", n = 2 }), "line 11: \"n\" is 2, and only 1 can be done."),
            (Completion("stream", new { prompt = "a", stream = true }), "line 12: \"stream\" is true, and only false can be done."),
            (Completion("hot", new { prompt = "a", temperature = -1 }), "line 13: \"temperature\" must be a number from 0 to 100; found -1."),
            (Completion("long", new { prompt = string.Concat(Enumerable.Repeat("Ada ", 400)) }), "line 14: The prompt has"),
            (Completion("list", new { prompt = new[] { "a", "b" } }), "line 15: \"prompt\" must be a text or a list of token ids; several texts are a line each."),
            (Chat("none", new { temperature = 0 }), "line 16: \"messages\" is missing."),
            (Chat("both", new { messages = Messages("a"), max_tokens = 1, max_completion_tokens = 1 }), "line 17: \"max_tokens\" and \"max_completion_tokens\" are both given"),
            (Chat("top", new { messages = Messages("a"), top_logprobs = 2 }), "line 18: \"top_logprobs\" has no effect without \"logprobs\": true."),
            (Chat("format", new { messages = Messages("a"), response_format = new { type = "xml" } }), "line 19: \"response_format\" is of the type xml; expected json_schema, json_object or text."),
            (Chat("short", new { messages = Messages("a"), max_tokens = 3, response_format = new { type = "json_schema", json_schema = new { schema = new { @enum = new[] { "Ada Lovelace" } } } } }),
                "line 20: \"max_tokens\" is 3, and the shortest output that is allowed takes "),
            (Chat("no list", new { messages = Messages("a"), tools = new { name = "f" } }), "line 21: \"tools\" must be a list of objects, found {"),
            (Chat("cut", new { messages = Messages("a"), stop = "\"", response_format = new { type = "json_object" } }), "line 22: the output was cut after 1 tokens by a text of \"stop\" before it was whole"),
            ("""{"custom_id":"as written","method":"POST","url":"/v1/completions","body":{"prompt":"a","max_tokens":1,"n":1.0,"presence_penalty":-0.0}}""", ""),
            (Chat("refused", new { messages = new[] { new { role = "user" } } }), "line 24: "),
            (Chat("last", new { messages = Messages("b"), max_tokens = 1, stream = false, logit_bias = new { }, tool_choice = "none", tools = new[] { 1 } }), ""),
        ];
        workspace.Write("requests.jsonl", lines.Select(line => line.Line as string ?? JsonSerializer.Serialize(line.Line)));
        (await BatchAsync("--errors", "errors.jsonl")).Expect(1);
        Assert.Equal(["as written", "good", "last"], Answers("results.jsonl").Keys.Order());
        var errors = workspace.Read("errors.jsonl").ToDictionary(error => error.GetProperty("id").GetString()!);
        Assert.Equal(lines.Length - 3, errors.Count);
        foreach (var (n, (_, expected)) in lines.Index().Where(line => line.Item.Error.Length > 0))
        {
            var line = errors[$"batch_req_{n + 1}"];
            Assert.StartsWith(expected, line.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
            Assert.Equal(line.GetProperty("error").GetProperty("code").GetString(), Body(line).GetProperty("error").GetProperty("code").GetString());
        }

        // Nothing is answered again, bad or good, and the files stay as they are.
        var before = File.ReadAllText(workspace.At("results.jsonl")) + File.ReadAllText(workspace.At("errors.jsonl"));
        var again = (await BatchAsync("--errors", "errors.jsonl", "--json")).Expect(1);
        Assert.Equal((0, lines.Length, lines.Length - 3), (Report(again, "records"), Report(again, "already_done"), Report(again, "already_failed")));
        Assert.Equal(before, File.ReadAllText(workspace.At("results.jsonl")) + File.ReadAllText(workspace.At("errors.jsonl")));
    }

    [Fact]
    public async Task Given_a_changed_file_when_started_again_then_another_request_of_the_same_id_is_an_error_and_another_bad_line_is_not_lost()
    {
        string[] before = [Line("same", "a"), "bad 1", Line("changed", "a")];
        workspace.Write("requests.jsonl", before);
        (await BatchAsync("--errors", "errors.jsonl")).Expect(1);
        // Spaces say nothing.
        string[] after = [Line("same", "a").Replace(":", " : ", StringComparison.Ordinal), "bad 2", Line("changed", "b")];
        workspace.Write("requests.jsonl", after);
        for (var run = 0; run < 2; run++)
        {
            (await BatchAsync("--errors", "errors.jsonl")).Expect(1);
            Assert.Equal(["changed", "same"], Answers("results.jsonl").Keys.Order());
            string[] errors = [.. workspace.Read("errors.jsonl").Select(error => error.GetProperty("error").GetProperty("message").GetString()!).Order()];
            Assert.Equal(3, errors.Length);
            Assert.All(errors[..2], error => Assert.StartsWith("line 2: not JSON", error, StringComparison.Ordinal));
            Assert.StartsWith("line 3: its custom_id \"changed\" has an answer of an earlier run, to another request", errors[2], StringComparison.Ordinal);
        }

        static string Line(string id, string prompt) => JsonSerializer.Serialize(Completion(id, new { prompt, max_tokens = 1 }));
    }

    [Fact]
    public async Task Given_a_torn_last_line_when_started_again_then_it_is_mended_and_the_rest_is_answered()
    {
        workspace.WriteJson("requests.jsonl", texts.Select((text, n) => Completion($"{n}", new { prompt = $"Text: {text}\nJSON:", max_tokens = 3 })));
        (await BatchAsync()).Expect(0);
        var whole = File.ReadAllLines(workspace.At("results.jsonl"));
        File.WriteAllText(workspace.At("results.jsonl"), string.Join('\n', whole[..3]) + "\n" + whole[3][..40]);
        (await BatchAsync()).Expect(0);
        Assert.Equal(["0", "1", "2", "3", "4", "5"], Answers("results.jsonl").Keys.Order());
        Assert.Equal(whole[..3], File.ReadAllLines(workspace.At("results.jsonl"))[..3]);
        File.WriteAllText(workspace.At("results.jsonl"), "{\"id\": 1, \"text\": \"of generate\"}\n");
        var refused = (await BatchAsync()).Expect(2);
        Assert.Contains("results.jsonl line 1 is no answer of a batch", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_logprobs_when_asked_then_each_token_has_its_own_and_those_of_the_likeliest()
    {
        workspace.WriteJson("requests.jsonl",
            Chat("chat", new { messages = Messages(texts[0]), logprobs = true, top_logprobs = 2, max_tokens = 5 }),
            Completion("text", new { prompt = $"Text: {texts[0]}\nJSON:", logprobs = 2, max_tokens = 5 }));
        (await BatchAsync()).Expect(0);
        var answers = Answers("results.jsonl");
        var content = Body(answers["chat"]).GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content").EnumerateArray().ToList();
        var lists = Body(answers["text"]).GetProperty("choices")[0].GetProperty("logprobs");
        Assert.Equal(5, content.Count);
        for (var n = 0; n < 5; n++)
        {
            var top = content[n].GetProperty("top_logprobs").EnumerateArray().ToList();
            Assert.Equal(2, top.Count);
            Assert.Equal(content[n].GetProperty("token").GetString(), top[0].GetProperty("token").GetString());
            Assert.Equal(content[n].GetProperty("logprob").GetDouble(), top[0].GetProperty("logprob").GetDouble());
            Assert.InRange(content[n].GetProperty("logprob").GetDouble(), top[1].GetProperty("logprob").GetDouble(), 0);
            Assert.Equal(content[n].GetProperty("token").GetString(), lists.GetProperty("tokens")[n].GetString());
            Assert.Equal(content[n].GetProperty("logprob").GetDouble(), lists.GetProperty("token_logprobs")[n].GetDouble(), 1e-6);
        }
    }

    private static object Chat(string id, object body) => new { custom_id = id, method = "POST", url = "/v1/chat/completions", body };

    private static object Completion(string id, object body) => new { custom_id = id, method = "POST", url = "/v1/completions", body };

    private static object[] Messages(string text) => [new { role = "user", content = text }];

    private static JsonElement Body(JsonElement line) => line.GetProperty("response").GetProperty("body");

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static int Report(ProcessResult result, string key) => JsonElement.Parse(result.Output).GetProperty(key).GetInt32();

    private Dictionary<string, JsonElement> Answers(string file) => workspace.Read(file).ToDictionary(line => line.GetProperty("custom_id").GetString()!);

    private Task<ProcessResult> BatchAsync(params string[] options) =>
        workspace.RunAsync(["batch", "--model", model, "--input", "requests.jsonl", "--output", "results.jsonl", .. options]);
}
