using System.Text.Json;
using System.Text.Json.Nodes;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

[Trait("Category", "Long")]
public sealed class BenchTests : IDisposable
{
    private readonly Workspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Theory]
    [InlineData("zigzag", "continuous")]
    [InlineData("serial", "static")]
    public async Task Given_a_shape_when_measured_then_one_line_has_all_that_was_asked_for(string schedule, string slots)
    {
        var report = await MeasureAsync("--prompt-len", "8", "--gen-len", "4", "--num-prompts", "6", "--schedule", schedule, "--slots", slots, "--trace", "trace.json");
        Assert.Equal((6, 48, 24), ((int)report["prompts"]!, (int)report["prompt_tokens"]!, (int)report["completion_tokens"]!));
        Assert.Equal(("opt-125m", schedule, slots), ((string)report["shape"]!, (string)report["schedule"]!, (string)report["slots"]!));
        Assert.Equal("0/0/100", (string)report["policy"]!["weights"]!);
        Assert.Equal(12, (int)report["policy"]!["sequence_length"]!);
        string[] positive = ["sweeps", "tokens_per_second", "seconds", "prefill_seconds", "decode_seconds", "disk_peak_bytes", "process_peak_bytes"];
        Assert.All(positive, key => Assert.True((double)report[key]! > 0, key));
        Assert.InRange((double)report["busy_in_decode"]!["weight loads"]!, 0.01, 1);
        using var trace = JsonDocument.Parse(File.ReadAllBytes(workspace.At("trace.json")));
        string[] names = [.. trace.RootElement.GetProperty("traceEvents").EnumerateArray().Select(e => e.GetProperty("name").GetString()!).Distinct()];
        Assert.Contains("Complete 3,1", names);
        Assert.Contains("decode", names);
    }

    [Fact]
    public async Task Given_a_file_of_lengths_when_measured_then_each_prompt_has_its_own()
    {
        File.WriteAllText(workspace.At("lengths.jsonl"), """
            {"prompt_tokens": 3, "completion_tokens": 5}

            {"prompt_tokens": 9, "completion_tokens": 1}
            {"prompt_tokens": 100, "completion_tokens": 100}
            """);
        // Held to a schema they have those lengths, too.
        var report = await MeasureAsync(
            "--lengths", "lengths.jsonl", "--num-prompts", "2", "--constrain", Path.Combine(Repository.Root, "pipelines/demo/record.schema.json"));
        Assert.Equal((2, 12, 6), ((int)report["prompts"]!, (int)report["prompt_tokens"]!, (int)report["completion_tokens"]!));
    }

    [Theory]
    [InlineData("--num-prompts: promptCount must be between 1", "--num-prompts", "0")]
    [InlineData("--gen-len: outputLength must be between 1", "--gen-len", "-3")]
    [InlineData("--prompt-len: 'promptLength' must be a whole number; found 'abc'", "--prompt-len", "abc")]
    [InlineData("--slots: slots must be static or continuous; found 'foo'", "--slots", "foo")]
    [InlineData("--percent: 'percent.0' must be a number; found 'a'", "--percent", "a", "b", "c", "d", "e", "f")]
    [InlineData("no two above 100 together, such as 20 80 0 100 0 100; found 0 150 100 0 100 0", "--percent", "0", "150", "100", "0", "100", "0")]
    [InlineData("--disk-dir is empty; name a file or folder", "--disk-dir", "")]
    [InlineData("--lengths nowhere.jsonl: there is no such file", "--lengths", "nowhere.jsonl")]
    [InlineData("bad.jsonl: line 3 must be like", "--lengths", "bad.jsonl")]
    [InlineData("good.jsonl has 1 lines of lengths; expected 2", "--lengths", "good.jsonl", "--num-prompts", "2")]
    [InlineData("A prompt of 2040 tokens with 32 generated takes 2072; a slot has room for 2048. opt-125m can have no more", "--prompt-len", "2040")]
    [InlineData("a slot has room for 16. Raise --max-sequence-length", "--max-sequence-length", "16")]
    [InlineData("--trace nowhere/trace.json cannot be written", "--trace", "nowhere/trace.json")]
    public async Task Given_a_wrong_option_when_started_then_one_error_says_what_to_change(string expected, params string[] options)
    {
        File.WriteAllText(workspace.At("good.jsonl"), "{\"prompt_tokens\": 3, \"completion_tokens\": 5}\n");
        File.WriteAllText(workspace.At("bad.jsonl"), "{\"prompt_tokens\": 3, \"completion_tokens\": 5}\n\n{\"prompt_tokens\": 0}\n");
        var result = (await workspace.RunAsync(["bench", "--shape", "opt-125m", "--device", "cpu", .. options])).Expect(2);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_a_misspelt_shape_when_started_then_the_nearest_is_named()
    {
        var result = (await workspace.RunAsync(["bench", "--shape", "opt-6b"])).Expect(2);
        Assert.Contains("--shape opt-6b is not known; did you mean 'opt-66b'?", result.Error, StringComparison.Ordinal);
    }

    private async Task<JsonNode> MeasureAsync(params string[] options)
    {
        var result = await workspace.RunAsync([
            "bench", "--shape", "opt-125m", "--device", "cpu", "--percent", "0", "0", "100", "0", "100", "0", "--gpu-batch-size", "2", "--num-gpu-batches", "2",
            "--host-memory", "2GiB", "--disk-dir", "scratch", "--json", .. options]);
        return JsonNode.Parse(result.Expect(0).Output)!;
    }
}
