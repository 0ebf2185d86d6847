namespace FlexGen.Worker.Tests;

public class HelpTests
{
    [Theory]
    [InlineData("run", "--set", "--gpu-memory", "16GiB", "SIGTERM", "flexgen run pipelines/extract-demo.yaml")]
    [InlineData("validate", "--set", "flexgen validate pipelines/extract-demo.yaml")]
    [InlineData("generate", "prompt_token_ids", "--logits", "--stop", "[default: 64]", "flexgen generate --model")]
    [InlineData("tokenize", "--control-tokens", "token_ids", "flexgen tokenize --model")]
    [InlineData("batch", "custom_id", "--errors", "response_format", "flexgen batch --model")]
    [InlineData("compress", "--group", "32|64|128", "[default: 64]", "flexgen compress --model")]
    [InlineData("bench", "--shape", "opt-175b", "[default: 512]", "flexgen bench --shape")]
    [InlineData("profile", "--again", "--quick", "XDG_CACHE_HOME", "flexgen profile --json")]
    [InlineData("", "Exit codes", "run <PIPELINE.yaml>", "generate", "tokenize", "validate <PIPELINE.yaml>", "bench")]
    public async Task Given_a_command_when_asked_for_help_then_it_shows_options_with_defaults_and_an_example(string command, params string[] expected)
    {
        var result = (await FlexGenProcess.RunAsync(".", [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"])).Expect(0);
        Assert.All(expected, text => Assert.Contains(text, result.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Required command", new string[0])]
    [InlineData("Unknown command 'frobnicate'. 'flexgen --help'", new[] { "frobnicate" })]
    [InlineData("'PIPELINE.yaml'", new[] { "run" })]
    [InlineData("Unknown option '--frobnicate'. 'flexgen run --help'", new[] { "run", "a.yaml", "--frobnicate" })]
    [InlineData("Unknown option '--gpu-memroy'; did you mean '--gpu-memory'?", new[] { "run", "a.yaml", "--gpu-memroy", "1GiB" })]
    [InlineData("Unknown option '--hlep'; did you mean '--help'?", new[] { "run", "--hlep" })]
    [InlineData("Unknown command 'rnu'; did you mean 'run'?", new[] { "rnu", "a.yaml" })]
    [InlineData("Unexpected argument 'b.yaml'.", new[] { "validate", "a.yaml", "b.yaml" })]
    [InlineData("--percent: percent must be six numbers: weights on GPU", new[] { "generate", "--model", "m", "--input", "a", "--output", "b", "--percent", "1", "2", "3" })]
    [InlineData("--stop: stop must not hold an empty text", new[] { "generate", "--model", "m", "--input", "a", "--output", "b", "--stop", "" })]
    [InlineData("--model is empty", new[] { "compress", "--model", "", "--output", "b" })]
    [InlineData("--output is empty", new[] { "generate", "--model", "m", "--input", "a", "--output", "" })]
    [InlineData("--hardware is empty", new[] { "plan", "--shape", "opt-125m", "--hardware", "" })]
    [InlineData("PIPELINE.yaml is empty", new[] { "run", "" })]
    [InlineData("--gpus is '1.5'; a whole number of at most 2147483647 is expected.", new[] { "plan", "--shape", "opt-125m", "--gpus", "1.5" })]
    [InlineData("--prompt-len is '99999999999'; a whole number", new[] { "plan", "--shape", "opt-125m", "--prompt-len", "99999999999" })]
    [InlineData("--attention is host, and has no effect where all of the KV cache is on the GPU", new[] { "plan", "--shape", "opt-125m", "--hardware", "t4", "--attention", "host" })]
    [InlineData("--weight-pages is 2, and has no effect where all of the weights", new[] { "bench", "--shape", "opt-125m", "--weight-pages", "2" })]
    [InlineData("no pipeline file a.yaml", new[] { "run", "a.yaml" })]
    [InlineData("--schema and --regex are both given: keep one of them.", new[] { "generate", "--model", "m", "--input", "a", "--output", "b", "--schema", "s", "--regex", "r" })]
    [InlineData("--constrain has no effect without --schema", new[] { "generate", "--model", "m", "--input", "a", "--output", "b", "--choices", "yes", "no", "--constrain", "true" })]
    [InlineData("--stop has no place beside --choices", new[] { "generate", "--model", "m", "--input", "a", "--output", "b", "--choices", "yes", "--stop", "x" })]
    [InlineData("'--model'", new[] { "generate", "--input", "a", "--output", "b" })]
    [InlineData("--temperature: 'temperature' must be a number; found 'warm'", new[] { "generate", "--model", "m", "--input", "a", "--output", "b", "--temperature", "warm" })]
    [InlineData("--temperature: temperature must be between 0 and 100; found NaN", new[] { "generate", "--model", "m", "--input", "a", "--output", "b", "--temperature", "NaN" })]
    [InlineData("--top-p: topP must be above 0 and at most 1; found 0", new[] { "generate", "--model", "m", "--input", "a", "--output", "b", "--top-p", "0" })]
    [InlineData("--max-new-tokens: maxNewTokens must be 1 or more; found 0", new[] { "generate", "--model", "m", "--input", "a", "--output", "b", "--max-new-tokens", "0" })]
    [InlineData("--attention: attention must be gpu, host or the per cent of sequences that attend on the host; found '150'", new[] { "bench", "--shape", "opt-125m", "--attention", "150" })]
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
