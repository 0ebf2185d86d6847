namespace FlexGen.Worker.Tests;

public class HelpTests
{
    [Theory]
    [InlineData("run", "--set", "--gpu-memory", "16GiB", "SIGTERM", "flexgen run pipelines/extract-demo.yaml")]
    [InlineData("validate", "--set", "flexgen validate pipelines/extract-demo.yaml")]
    [InlineData("generate", "prompt_token_ids", "--logits", "--stop", "[default: 64]", "flexgen generate --model")]
    [InlineData("tokenize", "--control-tokens", "token_ids", "flexgen tokenize --model")]
    public async Task Given_a_command_when_asked_for_help_then_it_shows_options_with_defaults_and_an_example(string command, params string[] expected)
    {
        var result = (await FlexGenProcess.RunAsync(".", command, "--help")).Expect(0);
        Assert.All(expected, text => Assert.Contains(text, result.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Required command", new string[0])]
    [InlineData("'frobnicate'", new[] { "frobnicate" })]
    [InlineData("'PIPELINE.yaml'", new[] { "run" })]
    [InlineData("'--frobnicate'", new[] { "run", "a.yaml", "--frobnicate" })]
    [InlineData("no pipeline file a.yaml", new[] { "run", "a.yaml" })]
    [InlineData("'--model'", new[] { "generate", "--input", "a", "--output", "b" })]
    [InlineData("--temperature: 'temperature' must be a number; found 'warm'", new[] { "generate", "--model", "m", "--input", "a", "--output", "b", "--temperature", "warm" })]
    [InlineData("--gpu-memory: 'gpuMemory' must be a size such as 16GiB; found 'lots'", new[] { "generate", "--model", "m", "--input", "a", "--output", "b", "--gpu-memory", "lots" })]
    public async Task Given_a_wrong_command_line_when_started_then_it_exits_2_with_one_error(string expected, string[] arguments)
    {
        var result = (await FlexGenProcess.RunAsync(".", arguments)).Expect(2);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_version_when_asked_then_it_is_a_number()
    {
        var result = (await FlexGenProcess.RunAsync(".", "--version")).Expect(0);
        Assert.Matches(@"^\d+\.\d+\.\d+", result.Output);
    }
}
