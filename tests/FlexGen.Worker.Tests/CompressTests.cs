using System.Text.Json;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

public sealed class CompressTests : IDisposable
{
    private readonly ModelWorkspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Fact]
    public async Task Given_a_model_when_compressed_then_the_result_says_the_same_as_the_model_in_4_bits()
    {
        var report = (await workspace.RunAsync("compress", "--model", ModelWorkspace.DemoModel, "--output", "small", "--json")).Expect(0);
        var said = JsonElement.Parse(report.Output);
        Assert.Equal(("complete", 24, 1, 0), (said.GetProperty("state").GetString(), said.GetProperty("weights_in_4_bits").GetInt32(),
            said.GetProperty("files").GetInt32(), said.GetProperty("files_kept").GetInt32()));
        Assert.InRange(said.GetProperty("bytes_after").GetInt64(), 1, said.GetProperty("bytes_before").GetInt64() / 2);
        workspace.WriteJson("in.jsonl", new { id = 1, prompt = "Text: Order for Ada Lovelace from Turin over 12.50 EUR.\nJSON:" });
        await GenerateAsync("small", "compressed.jsonl");
        await GenerateAsync(ModelWorkspace.DemoModel, "quantised.jsonl", "--compress-weights", "int4");
        Assert.Equal(File.ReadAllText(workspace.At("quantised.jsonl")), File.ReadAllText(workspace.At("compressed.jsonl")));
        var again = (await workspace.RunAsync("compress", "--model", ModelWorkspace.DemoModel, "--output", "small", "--json")).Expect(0);
        Assert.Equal(1, JsonElement.Parse(again.Output).GetProperty("files_kept").GetInt32());

        async Task GenerateAsync(string model, string output, params string[] more) => (await workspace.RunAsync(
            ["generate", "--model", model, "--input", "in.jsonl", "--output", output, "--max-new-tokens", "24", .. more])).Expect(0);
    }

    [Theory]
    [InlineData(2, "--group is '48'; 32, 64 or 128 is expected.", "--group", "48")]
    [InlineData(2, "is the model's own folder")]
    [InlineData(2, "link is the model's own folder")]
    [InlineData(1, "no/such: there is no such model folder")]
    [InlineData(1, "holds 'in.jsonl', which is no file of the checkpoint")]
    public async Task Given_what_cannot_be_when_compressed_then_one_error_says_so(int exitCode, string expected, params string[] more)
    {
        workspace.Write("in.jsonl", "");
        var model = exitCode == 1 && expected.StartsWith("no/such", StringComparison.Ordinal) ? "no/such" : ModelWorkspace.DemoModel;
        Directory.CreateSymbolicLink(workspace.At("link"), Path.GetFullPath(ModelWorkspace.DemoModel));
        var output = expected.StartsWith("link", StringComparison.Ordinal) ? "link"
            : expected.Contains("own folder", StringComparison.Ordinal) ? $"{ModelWorkspace.DemoModel}/" : ".";
        var result = (await workspace.RunAsync(["compress", "--model", model, "--output", output, .. more])).Expect(exitCode);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
    }
}
