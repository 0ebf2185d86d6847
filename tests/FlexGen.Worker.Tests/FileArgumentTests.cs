using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

/// <summary>Files named on the command line: what is wrong with them is said before a model is loaded, and harms none of them.</summary>
public sealed class FileArgumentTests : IDisposable
{
    private const string Content = """{"id": 1, "prompt": "a"}""";
    private readonly ModelWorkspace workspace = new();

    public FileArgumentTests()
    {
        workspace.Write("in.jsonl", Content);
        workspace.Write("out.jsonl", Content);
        Directory.CreateDirectory(workspace.At("folder"));
    }

    public void Dispose() => workspace.Dispose();

    [Theory]
    [InlineData("There is no input file absent.jsonl", "absent.jsonl", "out.jsonl", null)]
    [InlineData("--input folder is a folder", "folder", "out.jsonl", null)]
    [InlineData("--output folder is a folder", "in.jsonl", "folder", null)]
    [InlineData("--output no/out.jsonl is in a folder that is not there", "in.jsonl", "no/out.jsonl", null)]
    [InlineData("--logits no/l.jsonl is in a folder that is not there", "in.jsonl", "out.jsonl", "no/l.jsonl")]
    [InlineData("--input and --output are the same file", "in.jsonl", "./in.jsonl", null)]
    [InlineData("--input and --logits are the same file", "in.jsonl", "out.jsonl", "in.jsonl")]
    [InlineData("--output and --logits are the same file", "in.jsonl", "out.jsonl", "out.jsonl")]
    public async Task Given_files_that_cannot_be_when_generated_then_it_exits_2_and_leaves_all_as_they_were(string error, string input, string output, string? logits)
    {
        string[] options = logits is null ? [] : ["--logits", logits];
        var result = (await workspace.RunAsync(["generate", "--model", "no/such/model", "--input", input, "--output", output, .. options])).Expect(2);
        Assert.StartsWith($"error: {error}", result.Error, StringComparison.Ordinal);
        Assert.All(["in.jsonl", "out.jsonl"], file => Assert.Equal([Content], File.ReadAllLines(workspace.At(file))));
    }

    [Fact]
    public async Task Given_no_such_model_when_tokenized_then_one_error_names_it()
    {
        var result = (await workspace.RunAsync("tokenize", "--model", "no/such/model", "--input", "in.jsonl", "--output", "out.jsonl")).Expect(1);
        Assert.StartsWith("error: There is no model folder no/such/model", result.Error, StringComparison.Ordinal);
        Assert.Equal([Content], File.ReadAllLines(workspace.At("out.jsonl")));
    }
}
