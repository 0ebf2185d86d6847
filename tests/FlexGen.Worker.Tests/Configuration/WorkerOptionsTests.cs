using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Tests.Configuration;

public sealed class WorkerOptionsTests : IDisposable
{
    private const string Good = """
        name: extract
        source:
          parquet: { path: data/*.parquet, columns: [id, text] }
        prompt:
          template: |
            Text: {{ text }}
            JSON:
        generation: { maxNewTokens: 64, temperature: 0, stop: ["\n", END] }
        model: { path: pipelines/demo/model }
        engine: { device: cpu, hostMemory: 16GiB }
        sink:
          parquet: { path: out/people }
        deadLetter:
          parquet: { path: out/people-errors }
        """;

    private readonly string path = Path.GetTempFileName();

    [Fact]
    public void Given_a_pipeline_file_when_loaded_then_every_key_is_bound()
    {
        var options = Load(Good);
        Assert.Equal("extract", options.Name);
        Assert.Equal(["id", "text"], options.Source.Parquet!.Columns!);
        Assert.Equal("Text: {{ text }}\nJSON:\n", options.Prompt.Template);
        Assert.Equal(["\n", "END"], options.Generation.Stop);
        Assert.Equal(64, options.Generation.MaxNewTokens);
        Assert.Equal("pipelines/demo/model", options.Model!.Path);
        Assert.Equal(16L << 30, options.Engine.ToOptions().HostMemory);
        Assert.Equal("out/people-errors", options.DeadLetter.Parquet!.Path);
    }

    [Fact]
    public void Given_settings_when_loaded_then_they_override_the_file()
    {
        var options = Load(Good, "generation.maxNewTokens=32", "Sink.Parquet.Path=a=b", "generation.stop.0=X", "model.path=", "model.echo=true", "model.echoMaxDelay=00:00:00.050");
        Assert.Equal(32, options.Generation.MaxNewTokens);
        Assert.Equal("a=b", options.Sink.Parquet!.Path);
        Assert.Equal(["X", "END"], options.Generation.Stop);
        Assert.Equal(TimeSpan.FromMilliseconds(50), options.Model!.EchoMaxDelay);
        options = Load(Good, "sink.parquet.names.output=completion", "source.parquet.onSchemaChange=widen");
        Assert.Equal("completion", options.Sink.Parquet!.Names["output"]);
        Assert.Equal("widen", options.Source.Parquet!.OnSchemaChange);
    }

    [Theory]
    [InlineData("generation: {", "generation: { max_new_tokens: 3, ", "line 8: unknown key 'generation.max_new_tokens'; did you mean 'generation.maxNewTokens'?")]
    [InlineData("name: extract", "nme: extract", "line 1: unknown key 'nme'; did you mean 'name'?")]
    [InlineData("name: extract", "name: extract\nschema: x.json", "line 2: unknown key 'schema'; did you mean 'output.schema'?")]
    [InlineData("name: extract", "name: extract\nfrobnicate: 1", "line 2: unknown key 'frobnicate'. Keys at the top level: model, engine, name, source,")]
    [InlineData("temperature: 0", "temperature: warm", "line 8: 'generation.temperature' must be a number; found 'warm'.")]
    [InlineData("maxNewTokens: 64", "maxNewTokens: 1.5", "line 8: 'generation.maxNewTokens' must be a whole number; found '1.5'.")]
    [InlineData("maxNewTokens: 64", "maxNewTokens: 0", "line 8: generation.maxNewTokens must be 1 or more; found 0.")]
    [InlineData("temperature: 0", "topP: 0", "line 8: generation.topP must be above 0 and at most 1; found 0.")]
    [InlineData("temperature: 0", "temperature: -1", "line 8: generation.temperature must be between 0 and 100; found -1.")]
    [InlineData("stop: [\"\\n\", END]", "stop: [\"\"]", "line 8: generation.stop must not hold an empty text.")]
    [InlineData("stop: [\"\\n\", END]", "stop: \"\\n\"", "line 8: 'generation.stop' is a list: write [\"\\n\"] in the file")]
    [InlineData("hostMemory: 16GiB", "hostMemory: lots", "line 10: 'engine.hostMemory' must be a size such as 16GiB; found 'lots'.")]
    [InlineData("device: cpu", "device: tpu", "line 10: engine.device must be auto, cpu or cuda:N; found 'tpu'.")]
    [InlineData("columns: [id, text]", "columns: id", "line 3: 'source.parquet.columns' is a list: write [\"id\"] in the file")]
    [InlineData("columns: [id, text]", "columns: { a: b }", "line 3: 'source.parquet.columns' is a list, not a mapping")]
    [InlineData("parquet: { path: out/people }", "parquet: out/people", "line 12: 'sink.parquet' is a mapping, not the value 'out/people'. Keys below 'sink.parquet': path,")]
    [InlineData("{ path: pipelines/demo/model }", "{ path: { a: b } }", "line 9: 'model.path' is a text; nothing can stand below it.")]
    [InlineData("model: { path: pipelines/demo/model }", "", "model is missing.")]
    [InlineData("{ path: pipelines/demo/model }", "{ path: a, echo: true }", "model: give either path (a checkpoint folder) or echo: true.")]
    [InlineData("{ path: pipelines/demo/model }", "{ echo: maybe }", "line 9: 'model.echo' must be true or false; found 'maybe'.")]
    [InlineData("{ path: out/people }", "{ path: \"\" }", "line 12: sink.parquet.path is missing.")]
    [InlineData("path: out/people }", "path: a, names: { outpt: x } }", "line 12: sink.parquet.names names 'outpt', which is not added; did you mean 'output'?")]
    [InlineData("path: out/people }", "path: a, names: { output: [x] } }", "line 12: 'sink.parquet.names.output' is a text; nothing can stand below it.")]
    [InlineData("columns: [id, text]", "onSchemaChange: merge", "line 3: source.parquet.onSchemaChange must be refuse or widen; found 'merge'.")]
    [InlineData("name: extract", "name: extract\nname: again", "line 2")]
    [InlineData("name: extract", "name: extract\nName: again", "line 2: the key 'Name' is already on line 1.")]
    [InlineData("name: extract", "name: [", "is not YAML: look for a '['")]
    public void Given_one_mistake_when_loaded_then_the_error_says_where_and_what(string good, string bad, string expected)
    {
        Assert.Contains(good, Good, StringComparison.Ordinal);
        var error = Assert.Throws<UsageException>(() => Load(Good.Replace(good, bad, StringComparison.Ordinal)));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("just a text", "is not a pipeline file")]
    [InlineData("a: 1\n---\nb: 2", "2 YAML documents")]
    [InlineData("a: &x [*x]", "")]
    public void Given_a_file_that_is_no_pipeline_when_loaded_then_the_error_says_so(string text, string expected)
    {
        var error = Assert.Throws<UsageException>(() => Load(text));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Given_several_mistakes_when_loaded_then_one_error_lists_all()
    {
        var error = Assert.Throws<UsageException>(() => Load("source: { parquet: { pth: x } }\ngeneration: { temperature: warm }", "generation.seed=x"));
        Assert.Contains("3 errors", error.Message, StringComparison.Ordinal);
        Assert.Contains("'source.parquet.path'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'generation.temperature'", error.Message, StringComparison.Ordinal);
        Assert.Contains("--set generation.seed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Given_an_empty_file_of_keys_when_loaded_then_every_missing_value_is_listed()
    {
        var error = Assert.Throws<UsageException>(() => Load("generation: { seed: 1 }"));
        Assert.All(["name is missing", "source: no source", "prompt.template is missing", "model is missing", "sink: no sink", "deadLetter: no sink"], key => Assert.Contains(key, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Given_a_setting_without_a_value_when_loaded_then_it_is_refused() =>
        Assert.Contains("expected key=value", Assert.Throws<UsageException>(() => Load(Good, "name")).Message, StringComparison.Ordinal);

    public void Dispose() => File.Delete(path);

    private WorkerOptions Load(string yaml, params string[] settings)
    {
        File.WriteAllText(path, yaml);
        return WorkerOptions.Load(path, settings, ConfigurationLayer.FromSettings([]));
    }
}
