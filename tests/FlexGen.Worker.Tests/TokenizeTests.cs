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

    private Task<ProcessResult> TokenizeAsync(params string[] options) =>
        workspace.RunAsync(["tokenize", "--model", ModelWorkspace.DemoModel, "--input", "in.jsonl", "--output", "out.jsonl", .. options]);
}
