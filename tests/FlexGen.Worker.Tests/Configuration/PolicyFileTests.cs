using FlexGen.Engine;
using FlexGen.Planning;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Tests.Configuration;

public sealed class PolicyFileTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    [Theory]
    [InlineData("gpuBatchSize: 48\ngpuBatchCount: 3\npercent: [20, 80, 0, 100, 0, 100]\nattention: host\nweightPages: 1\nmaxSequenceLength: 544")]
    [InlineData("""{ "gpuBatchSize": 48, "gpuBatchCount": 3, "percent": [20, 80, 0, 100, 0, 100], "attention": "host", "weightPages": 1, "maxSequenceLength": 544 }""")]
    public void Given_a_policy_file_when_loaded_then_every_key_is_bound(string text)
    {
        var options = Load(text);
        Assert.Equal((48, 3, 544, 1), (options.GpuBatchSize, options.GpuBatchCount, options.MaxSequenceLength, options.WeightPages));
        Assert.Equal((new Placement(20, 80), new Placement(0, 100), new Placement(0, 100)), (options.Weights, options.Cache, options.Hidden));
        Assert.Equal(100, options.AttentionOnHost);
    }

    [Fact]
    public void Given_options_beside_a_policy_file_when_loaded_then_the_options_win()
    {
        var options = Load("gpuBatchSize: 48\npercent: [20, 80, 0, 100, 0, 100]", ("gpuBatchSize", "4"), ("device", "cpu"));
        Assert.Equal((4, "cpu", new Placement(20, 80)), (options.GpuBatchSize, options.Device, options.Weights));
    }

    [Theory]
    [InlineData("gpuBatchSze: 4", "line 1: unknown key 'gpuBatchSze'; did you mean 'gpuBatchSize'?")]
    [InlineData("attention: host\nhostMemory: 4GiB", "line 2: unknown key 'hostMemory'. Keys at the top level: gpuBatchSize, gpuBatchCount,")]
    [InlineData("gpuBatchSize: many", "line 1: 'gpuBatchSize' must be a whole number; found 'many'.")]
    [InlineData("gpuBatchSize: 0", "line 1: gpuBatchSize must be between 1 and 65536; found 0.")]
    [InlineData("attention: disk", "line 1: attention must be gpu, host or the per cent of sequences that attend on the host; found 'disk'.")]
    [InlineData("percent: [20, 80]", "must be six numbers")]
    [InlineData("", "is empty: a policy file has keys such as gpuBatchSize")]
    [InlineData("20 80 0 100 0 100", "is not a policy file: expected keys such as gpuBatchSize")]
    public void Given_a_wrong_policy_file_when_loaded_then_the_error_says_where_and_what(string text, string error)
    {
        var message = Assert.Throws<UsageException>(() => Load(text)).Message;
        Assert.Contains(error, message, StringComparison.Ordinal);
        Assert.Contains(path, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Given_no_such_file_when_loaded_then_the_error_names_it() => Assert.Contains(
        "There is no policy file no/such/policy.yaml",
        Assert.Throws<UsageException>(() => EngineSettings.Load(Layer(("policy", "no/such/policy.yaml")), key => key)).Message, StringComparison.Ordinal);

    [Fact]
    public void Given_a_pipeline_file_that_names_a_policy_when_loaded_then_it_lies_below_the_file_s_own_keys()
    {
        File.WriteAllText(path, "gpuBatchSize: 48\ngpuBatchCount: 3\nattention: hst");
        var pipeline = Path.GetTempFileName();
        try
        {
            File.WriteAllText(pipeline, $$"""
                name: test
                source: { parquet: { path: data } }
                prompt: { template: x }
                model: { echo: true }
                engine: { policy: {{path}}, gpuBatchCount: 2 }
                sink: { parquet: { path: out } }
                deadLetter: { parquet: { path: errors } }
                """);
            var message = Assert.Throws<UsageException>(() => WorkerOptions.Load(pipeline, [])).Message;
            Assert.Contains($"{path} line 3: engine.attention must be gpu, host or the per cent of sequences that attend on the host; found 'hst'.", message, StringComparison.Ordinal);
            var engine = WorkerOptions.Load(pipeline, ["engine.attention=host"]).Engine.ToOptions();
            Assert.Equal((48, 2, 100), (engine.GpuBatchSize, engine.GpuBatchCount, engine.AttentionOnHost));
        }
        finally
        {
            File.Delete(pipeline);
        }
    }

    public void Dispose() => File.Delete(path);

    private EngineOptions Load(string text, params (string Key, string Value)[] options)
    {
        File.WriteAllText(path, text);
        return EngineSettings.Load(Layer([("policy", path), .. options]), key => key).ToOptions();
    }

    private static ConfigurationLayer Layer(params (string Key, string Value)[] options) =>
        new(options.ToDictionary(o => o.Key, o => (string?)o.Value, StringComparer.OrdinalIgnoreCase), key => $"--{key}");
}
