using System.Text.Json;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

public sealed class GenerateTests : IDisposable
{
    private const string Prompt = "Text: Order for Ada Lovelace from Turin over 12.50 EUR.\nJSON:";
    private const string Answer = """ {"name": "Ada Lovelace", "city": "Turin", "amount": 12.50}""";
    private const int Eos = 2;
    private readonly ModelWorkspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Theory]
    [InlineData("opt-galactica")]
    [InlineData("llama2")]
    [InlineData("qwen3")]
    public async Task Given_token_ids_when_generated_then_tokens_and_logits_are_those_of_transformers(string model)
    {
        using var reference = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(ModelWorkspace.Reference(model), "expected.json")));
        var prompts = reference.RootElement.GetProperty("prompts").EnumerateArray().ToList();
        workspace.WriteJson("in.jsonl", prompts.Select((p, n) => new { id = n, prompt_token_ids = p.GetProperty("token_ids") }));
        (await GenerateAsync(ModelWorkspace.Reference(model), "--logits", "logits.jsonl", "--max-new-tokens", "32", "--ignore-eos")).Expect(0);
        var completions = workspace.Read("out.jsonl");
        var logits = workspace.Read("logits.jsonl");
        for (var n = 0; n < prompts.Count; n++)
        {
            Assert.Equal(n, completions[n].GetProperty("id").GetInt32());
            Assert.Equal(prompts[n].GetProperty("greedy").Deserialize<int[]>(), TokenIds(completions[n]));
            Assert.Equal("length", Text(completions[n], "finish_reason"));
            Assert.Equal(JsonValueKind.Null, completions[n].GetProperty("text").ValueKind);
            var expected = prompts[n].GetProperty("logits").Deserialize<float[]>()!;
            Assert.Equal(0, expected.Zip(logits[n].Deserialize<float[]>()!, (e, a) => Math.Abs(e - a)).Max(), 1e-4f);
        }
    }

    [Fact]
    public async Task Given_texts_when_generated_then_completions_come_in_order_with_ids_as_they_were_and_a_report()
    {
        workspace.WriteJson("in.jsonl", new { id = "a", prompt = Prompt }, new { id = 2.5, prompt = Prompt }, new { id = 3, prompt = Prompt });
        var result = (await GenerateAsync(ModelWorkspace.DemoModel, "--json")).Expect(0);
        var completions = workspace.Read("out.jsonl");
        Assert.Equal(["\"a\"", "2.5", "3"], completions.Select(c => c.GetProperty("id").GetRawText()));
        Assert.All(completions, c => Assert.Equal((Answer, "stop", Eos), (Text(c, "text"), Text(c, "finish_reason"), TokenIds(c)[^1])));
        var report = JsonElement.Parse(result.Output);
        Assert.Equal((3, 0), (report.GetProperty("records").GetInt32(), report.GetProperty("errors").GetInt32()));
        Assert.Equal(completions.Sum(c => TokenIds(c).Length), report.GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Given_bad_lines_when_generated_then_each_has_one_error_and_the_others_go_on()
    {
        (string Line, string Error)[] lines =
        [
            ("""{"id": 1, "prompt": "a"}""", ""),
            ("not json", "line 2: not JSON: "),
            ("[1]", "line 3: expected a JSON object, found a list."),
            ("""{"prompt": "a"}""", "line 4: expected an \"id\", a string or a number."),
            ("""{"id": 5}""", "line 5: expected either \"prompt\" or \"prompt_token_ids\" or \"messages\"."),
            ("""{"id": 6, "prompt": "a", "prompt_token_ids": [1]}""", "line 6: expected either \"prompt\" or \"prompt_token_ids\" or \"messages\"."),
            ("""{"id": 7, "prompt": 5}""", "line 7: \"prompt\" must be a string, found a number."),
            ("""{"id": 8, "prompt": "\ud800"}""", "line 8: \"prompt\" holds half of a surrogate pair"),
            ("""{"id": 9, "prompt_token_ids": []}""", "line 9: The prompt has no tokens"),
            ("""{"id": 10, "prompt_token_ids": [1, 800]}""", "line 10: Token id 800 is not in the model's vocabulary of 800."),
            ("""{"id": 11, "prompt_token_ids": [1.5]}""", "line 11: \"prompt_token_ids\" must be a list of whole numbers, found 1.5 in it."),
            ($$"""{"id": 12, "prompt": "{{new string('x', 400)}}"}""", "tokens; a slot has room for 320"),
            ("""{"id": 13, "prompt_token_ids": [2]}""", ""),
        ];
        workspace.Write("in.jsonl", lines.Select(l => l.Line));
        var result = (await GenerateAsync(ModelWorkspace.DemoModel, "--max-new-tokens", "2", "--logits", "logits.jsonl")).Expect(1);
        var completions = workspace.Read("out.jsonl");
        var logits = workspace.Read("logits.jsonl");
        Assert.Equal(lines.Length, completions.Count);
        for (var n = 0; n < lines.Length; n++)
        {
            var isGood = lines[n].Error.Length == 0;
            Assert.Equal(isGood, completions[n].TryGetProperty("token_ids", out _));
            Assert.Equal(isGood, logits[n].ValueKind == JsonValueKind.Array);
            Assert.True(isGood || Text(completions[n], "error").Contains(lines[n].Error, StringComparison.Ordinal), completions[n].GetRawText());
        }

        Assert.Equal(11, result.Error.Split('\n').Count(line => line.StartsWith("error: in.jsonl line ", StringComparison.Ordinal)));
        Assert.DoesNotContain("BytePositionInLine", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_sampling_options_when_generated_then_each_does_what_it_says()
    {
        workspace.WriteJson("in.jsonl", Enumerable.Range(0, 8).Select(n => new { id = n, prompt_token_ids = new[] { 2, 3 + n, 20 } }));
        var greedy = await TokensAsync();
        var warm = await TokensAsync("--temperature", "1.5", "--seed", "7");
        Assert.NotEqual(greedy, warm);
        Assert.Equal(warm, await TokensAsync("--temperature", "1.5", "--seed", "7", "--gpu-batch-size", "1"));
        Assert.NotEqual(warm, await TokensAsync("--temperature", "1.5", "--seed", "8"));
        Assert.Equal(greedy, await TokensAsync("--temperature", "1.5", "--top-k", "1"));
        Assert.Equal(greedy, await TokensAsync("--temperature", "1.5", "--top-p", "0.0001"));
        Assert.NotEqual(greedy, await TokensAsync("--repetition-penalty", "5"));

        async Task<List<string>> TokensAsync(params string[] options)
        {
            (await GenerateAsync(ModelWorkspace.Reference("opt-pre-ln"), ["--max-new-tokens", "12", "--ignore-eos", .. options])).Expect(0);
            return [.. workspace.Read("out.jsonl").Select(c => c.GetProperty("token_ids").GetRawText())];
        }
    }

    [Theory]
    [InlineData("stop", """ {"name": "Ada Lovelace", """, "--stop", "\"city\"", "--stop", "amount")]
    [InlineData("length", " {\"name", "--max-new-tokens", "1")]
    [InlineData("stop", Answer, "--max-new-tokens", "64", "--stop", "\n")]
    public async Task Given_an_end_when_generated_then_text_and_reason_are_those_of_the_first_that_comes(string reason, string text, params string[] options)
    {
        workspace.WriteJson("in.jsonl", new { id = 1, prompt = Prompt });
        (await GenerateAsync(ModelWorkspace.DemoModel, options)).Expect(0);
        var completion = Assert.Single(workspace.Read("out.jsonl"));
        Assert.Equal(reason, Text(completion, "finish_reason"));
        Assert.Equal(text[..Math.Min(text.Length, Text(completion, "text").Length)], Text(completion, "text"));
        Assert.True(reason == "length" || text == Text(completion, "text"));
    }

    [Fact]
    public async Task Given_several_end_of_sequence_ids_when_generated_then_the_first_ends_it_unless_they_are_ignored()
    {
        workspace.WriteJson("in.jsonl", new { id = 1, prompt = Prompt });
        (await GenerateAsync(ModelWorkspace.DemoModel)).Expect(0);
        var whole = TokenIds(workspace.Read("out.jsonl")[0]);
        var model = workspace.Copy(ModelWorkspace.DemoModel);
        await File.WriteAllTextAsync(Path.Combine(model, "generation_config.json"), $$"""{"eos_token_id": [{{Eos}}, {{whole[5]}}]}""");
        (await GenerateAsync(model)).Expect(0);
        Assert.Equal(whole.Take(Array.IndexOf(whole, whole[5]) + 1), TokenIds(workspace.Read("out.jsonl")[0]));
        Assert.Equal("stop", Text(workspace.Read("out.jsonl")[0], "finish_reason"));
        (await GenerateAsync(model, "--ignore-eos", "--max-new-tokens", "40")).Expect(0);
        Assert.Equal(whole, TokenIds(workspace.Read("out.jsonl")[0]).Take(whole.Length));
        Assert.Equal((40, "length"), (TokenIds(workspace.Read("out.jsonl")[0]).Length, Text(workspace.Read("out.jsonl")[0], "finish_reason")));
    }

    [Fact]
    public async Task Given_a_model_without_a_tokenizer_when_given_text_then_the_line_says_so_and_stop_strings_are_refused()
    {
        workspace.WriteJson("in.jsonl", new { id = 1, prompt = "a" });
        Assert.Contains("has no tokenizer", (await GenerateAsync(ModelWorkspace.Reference("opt-pre-ln"))).Expect(1).Error, StringComparison.Ordinal);
        Assert.Contains("error: --stop needs a tokenizer", (await GenerateAsync(ModelWorkspace.Reference("opt-pre-ln"), "--stop", "a")).Expect(2).Error, StringComparison.Ordinal);
    }

    private Task<ProcessResult> GenerateAsync(string model, params string[] options) =>
        workspace.RunAsync(["generate", "--model", model, "--input", "in.jsonl", "--output", "out.jsonl", .. options]);

    private static int[] TokenIds(JsonElement line) => line.GetProperty("token_ids").Deserialize<int[]>()!;

    private static string Text(JsonElement line, string key) => line.GetProperty(key).GetString()!;
}
