using System.Text.Json;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

public sealed class TokenizeTests : IDisposable
{
    private readonly ModelWorkspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Fact]
    public async Task Given_texts_when_tokenized_then_ids_have_the_models_special_tokens_and_the_text_comes_back_without()
    {
        string[] texts = ["Ada lives in Turin.", "", "größe 📏 \u0000 \t end  "];
        workspace.WriteJson("in.jsonl", texts.Select((text, n) => new { id = n, text }));
        var report = JsonElement.Parse((await TokenizeAsync("--json")).Expect(0).Output);
        var lines = workspace.Read("out.jsonl");
        Assert.Equal(texts, lines.Select(l => l.GetProperty("text").GetString()));
        Assert.All(lines, l => Assert.Equal(2, l.GetProperty("token_ids")[0].GetInt32()));
        Assert.Equal(lines.Sum(l => l.GetProperty("token_ids").GetArrayLength()), report.GetProperty("tokens").GetInt32());
    }

    [Fact]
    public async Task Given_the_text_of_a_control_token_when_tokenized_then_it_is_plain_text_unless_asked_for()
    {
        workspace.WriteJson("in.jsonl", new { id = 1, text = "</s>" });
        (await TokenizeAsync()).Expect(0);
        Assert.Equal([2, .. "</s>".Select(_ => -1)], Ids(2));
        Assert.Equal("</s>", workspace.Read("out.jsonl")[0].GetProperty("text").GetString());
        (await TokenizeAsync("--control-tokens")).Expect(0);
        Assert.Equal([2, 2], Ids(2));

        IEnumerable<int> Ids(int control) =>
            workspace.Read("out.jsonl")[0].GetProperty("token_ids").Deserialize<int[]>()!.Select(id => id == control ? id : -1);
    }

    [Fact]
    public async Task Given_bad_lines_when_tokenized_then_each_has_one_error_and_the_others_go_on()
    {
        workspace.Write("in.jsonl", """{"id": 1, "text": "a"}""", "", """{"id": 2}""", """{"id": 3, "text": null}""", "{", """{"id": 4, "text": "b"}""");
        var result = (await TokenizeAsync()).Expect(1);
        var lines = workspace.Read("out.jsonl");
        Assert.Equal(["line 3: \"text\" is missing.", "line 4: \"text\" must be a string, found null."],
            lines[1..3].Select(l => l.GetProperty("error").GetString()));
        Assert.StartsWith("line 5: not JSON: ", lines[3].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal([1, 4], new[] { lines[0], lines[4] }.Select(l => l.GetProperty("id").GetInt32()));
        Assert.Equal(3, result.Error.Split('\n').Count(line => line.StartsWith("error: in.jsonl line ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Given_lines_with_what_is_no_text_or_a_key_twice_when_tokenized_then_each_has_one_error_and_the_others_go_on()
    {
        byte[][] lines =
        [
            [0xEF, 0xBB, 0xBF, .. """{"id": 0, "text": "a"}"""u8],
            [.. """{"id": "\ud800", "text": "a"}"""u8],
            [.. """{"id": 2, "\udc00": 1, "text": "a"}"""u8],
            [.. """{"id": 3, "text": "a", "te\u0078t": "b"}"""u8],
            [.. "{\"id\": 4, \"text\": \"a"u8, 0xC3, .. "\"}"u8],
            [.. "{\"id\": 5, \"text\": \"a"u8, 0xED, 0xA0, 0x80, .. "\"}"u8],
            [.. """{"id": 6, "text": "\u0000"}"""u8],
        ];
        await File.WriteAllBytesAsync(workspace.At("in.jsonl"), [.. lines.SelectMany(line => (byte[])[.. line, (byte)'\n'])]);
        (await TokenizeAsync()).Expect(1);
        var results = workspace.Read("out.jsonl");
        Assert.Equal(["a", "\0"], new[] { results[0], results[6] }.Select(line => line.GetProperty("text").GetString()));
        var errors = results[1..6].Select(line => line.GetProperty("error").GetString()!).ToList();
        Assert.StartsWith("line 2: \"id\" holds half of a surrogate pair", errors[0], StringComparison.Ordinal);
        Assert.StartsWith("line 3: ", errors[1], StringComparison.Ordinal);
        Assert.Contains("'text'", errors[2], StringComparison.Ordinal);
        Assert.All(errors[3..], error => Assert.Contains("not UTF-8", error, StringComparison.Ordinal));
    }

    private Task<ProcessResult> TokenizeAsync(params string[] options) =>
        workspace.RunAsync(["tokenize", "--model", ModelWorkspace.DemoModel, "--input", "in.jsonl", "--output", "out.jsonl", .. options]);
}
