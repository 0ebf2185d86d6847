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
        var options = Load(Good, "generation.seed=-9223372036854775808", "generation.maxNewTokens=32", "Sink.Parquet.Path=a=b", "generation.stop.0=X", "model.path=", "model.echo=true", "model.echoMaxDelay=00:00:00.050");
        Assert.Equal((32, long.MinValue), (options.Generation.MaxNewTokens, options.Generation.Seed));
        Assert.Equal("a=b", options.Sink.Parquet!.Path);
        Assert.Equal(["X"], options.Generation.Stop);
        Assert.Equal(TimeSpan.FromMilliseconds(50), options.Model!.EchoMaxDelay);
        options = Load(Good, "sink.parquet.names.output=completion", "source.parquet.onSchemaChange=widen");
        Assert.Equal("completion", options.Sink.Parquet!.Names["output"]);
        Assert.Equal("widen", options.Source.Parquet!.OnSchemaChange);
    }

    [Fact]
    public void Given_what_an_output_may_be_when_loaded_then_it_is_bound_and_overridden()
    {
        var options = Load(Good.Replace("stop: [\"\\n\", END]", "seed: 1", StringComparison.Ordinal) + "\noutput: { choices: [yes, no, 3], closeInTime: false, reasoning: true }");
        Assert.Equal(["yes", "no", "3"], options.Output!.Choices);
        Assert.Equal((false, null, true), (options.Output.CloseInTime, options.Output.Constrain, options.Output.Reasoning));
        options = Load(Good + "\noutput: { schema: a.json, columns: only }", "output.constrain=false", "output.columns=true");
        Assert.Equal(("a.json", false, "true"), (options.Output!.Schema, options.Output.Constrain, options.Output.Columns));
        Assert.Equal("a", Load(Good.Replace("stop: [\"\\n\", END]", "seed: 1", StringComparison.Ordinal) + "\noutput: { regex: a }").Output!.Regex);
    }

    [Fact]
    public void Given_messages_when_loaded_then_they_stand_in_place_of_the_template()
    {
        var options = Load(WithPrompt("""
              messages:
                - { role: system, content: "You extract." }
                - { role: user, content: "{{ text }}" }
              templateArguments: { enable_thinking: false, Date: "26 Jul 2024" }
              chatTemplate: rag
            """));
        Assert.Null(options.Prompt.Template);
        Assert.Equal([("system", "You extract."), ("user", "{{ text }}")], options.Prompt.Messages.Select(message => (message.Role, message.Content!)));
        Assert.Equal(["Date=26 Jul 2024", "enable_thinking=false"], options.Prompt.TemplateArguments.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal));
        Assert.Equal("rag", options.Prompt.ChatTemplate);
    }

    [Theory]
    [InlineData("  messages: [{ role: user, content: a }]\n  template: b", "prompt.template and prompt.messages are both given: keep one of them.")]
    [InlineData("  messages: []", "prompt.template is missing. Write the prompt's text there, or a list of messages as prompt.messages.")]
    [InlineData("  template: a\n  templateArguments: { a: b }", "line 6: prompt.templateArguments has no effect without prompt.messages")]
    [InlineData("  template: a\n  chatTemplate: b", "line 6: prompt.chatTemplate has no effect without prompt.messages")]
    [InlineData("  template: a\n  tools: b.json", "line 6: prompt.tools has no effect without prompt.messages")]
    [InlineData("  messages: [{ content: a }]", "prompt.messages.0.role is missing")]
    [InlineData("  messages: [{ role: user, content: a }, { role: user }]", "prompt.messages.1.content is missing")]
    [InlineData("  messages: [{ role: user, contnt: a }]", "line 5: unknown key 'prompt.messages.0.contnt'; did you mean 'prompt.messages.0.content'?")]
    [InlineData("  messages: [hello]", "line 5: 'prompt.messages.0' is a mapping, not the value 'hello'. Keys below 'prompt.messages.0': role, content.")]
    [InlineData("  messages: { role: user, content: a }", "line 5: 'prompt.messages' is a list, not a mapping")]
    [InlineData("  mesages: [{ role: user, content: a }]", "line 5: unknown key 'prompt.mesages'; did you mean 'prompt.messages'?")]
    public void Given_a_mistake_in_a_prompt_when_loaded_then_the_error_says_where_and_what(string prompt, string expected) =>
        Assert.Contains(expected, Assert.Throws<UsageException>(() => Load(WithPrompt(prompt))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("generation: {", "generation: { max_new_tokens: 3, ", "line 8: unknown key 'generation.max_new_tokens'; did you mean 'generation.maxNewTokens'?")]
    [InlineData("name: extract", "nme: extract", "line 1: unknown key 'nme'; did you mean 'name'?")]
    [InlineData("name: extract", "name: extract\nschema: x.json", "line 2: unknown key 'schema'; did you mean 'output.schema'?")]
    [InlineData("name: extract", "name: extract\nfrobnicate: 1", "line 2: unknown key 'frobnicate'. Keys at the top level: model, engine, name, source,")]
    [InlineData("temperature: 0", "temperature: warm", "line 8: 'generation.temperature' must be a number; found 'warm'.")]
    [InlineData("maxNewTokens: 64", "maxNewTokens: 1.5", "line 8: 'generation.maxNewTokens' must be a whole number; found '1.5'.")]
    [InlineData("maxNewTokens: 64", "maxNewTokens: '#10'", "line 8: 'generation.maxNewTokens' must be a whole number; found '#10'.")]
    [InlineData("maxNewTokens: 64", "maxNewTokens: 0x10", "line 8: 'generation.maxNewTokens' must be a whole number; found '0x10'.")]
    [InlineData("maxNewTokens: 64", "seed: '&h10'", "line 8: 'generation.seed' must be a whole number from")]
    [InlineData("maxNewTokens: 64", "maxNewTokens: 0", "line 8: generation.maxNewTokens must be 1 or more; found 0.")]
    [InlineData("temperature: 0", "seed: 9223372036854775808", "line 8: 'generation.seed' must be a whole number from -9223372036854775808 to 9223372036854775807; found '9223372036854775808'.")]
    [InlineData("temperature: 0", "topP: 0", "line 8: generation.topP must be above 0 and at most 1; found 0.")]
    [InlineData("temperature: 0", "temperature: -1", "line 8: generation.temperature must be between 0 and 100; found -1.")]
    [InlineData("stop: [\"\\n\", END]", "stop: [\"\"]", "line 8: generation.stop must not hold an empty text.")]
    [InlineData("stop: [\"\\n\", END]", "stop: \"\\n\"", "line 8: 'generation.stop' is a list: write [\"\\n\"] in the file")]
    [InlineData("hostMemory: 16GiB", "hostMemory: lots", "line 10: 'engine.hostMemory' must be a size such as 16GiB; found 'lots'.")]
    [InlineData("device: cpu", "device: tpu", "line 10: engine.device must be auto, cpu or cuda:N, several GPUs with commas between them, or cuda:all; found 'tpu'.")]
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
    [InlineData("{ path: out/people }", "{ path: out/people, maxAge: 5 }", "line 12: 'sink.parquet.maxAge' must be a duration such as 50ms, 30s, 5m, 1h or 00:05:00; found '5'.")]
    [InlineData("{ path: out/people }", "{ path: out/people, maxAge: 25d }", "line 12: sink.parquet.maxAge must be between 00:00:00.0010000 and 24.00:00:00; found 25.00:00:00.")]
    [InlineData("hostMemory: 16GiB", "hostMemory: \"\"", "line 10: 'engine.hostMemory' must be a size such as 16GiB; found ''.")]
    [InlineData("hostMemory: 16GiB", "gpuBatchSize: \"\"", "line 10: 'engine.gpuBatchSize' must be a whole number; found ''.")]
    [InlineData("model: { path: pipelines/demo/model }", "model: { <<: text }", "line 9: '<<' takes a mapping or a list of mappings")]
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

    [Theory]
    [InlineData("generation.stop.1=X", "'generation.stop' is a list, and whoever gives its entries gives all of them: there is 'generation.stop.1' without 'generation.stop.0'.")]
    [InlineData("engine.hostMemory=", "'engine.hostMemory' must be a size such as 16GiB; found ''.")]
    public void Given_a_setting_that_could_not_take_effect_when_loaded_then_it_is_refused(string setting, string expected) =>
        Assert.Contains(expected, Assert.Throws<UsageException>(() => Load(Good, setting)).Message, StringComparison.Ordinal);

    [Fact]
    public void Given_a_list_in_several_places_when_loaded_then_the_last_replaces_it_whole()
    {
        File.WriteAllText(path, Good.Replace("[id, text]", "[id, text, city]", StringComparison.Ordinal));
        var environment = ConfigurationLayer.FromEnvironment([new("FLEXGEN__source__parquet__columns__0", "text"), new("FLEXGEN__Source__parquet__columns__1", "id")]);
        Assert.Equal(["text", "id"], WorkerOptions.Load(path, [], environment).Source.Parquet!.Columns!);
        Assert.Equal(["name"], WorkerOptions.Load(path, [], environment, ConfigurationLayer.FromSettings(["source.parquet.columns.0=name"])).Source.Parquet!.Columns!);
    }

    [Fact]
    public void Given_merge_keys_when_loaded_then_a_mapping_s_own_keys_win_and_then_the_first_of_those_taken_over()
    {
        var options = Load("""
            name: merged
            source: { parquet: { path: data } }
            prompt: { template: x }
            model: { echo: true }
            sink: &sink { parquet: &first { path: a, maxRows: 5 } }
            deadLetter: { parquet: { <<: [*first, { path: b, maxAge: 2h }], path: c } }
            engine: { <<: { policy: auto, device: cpu } }
            """);
        Assert.Equal(("c", 5, TimeSpan.FromHours(2)), (options.DeadLetter.Parquet!.Path, options.DeadLetter.Parquet.MaxRows, options.DeadLetter.Parquet.MaxAge));
        Assert.Equal("cpu", options.Engine.Device);
    }

    [Theory]
    [InlineData("[{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}]")]
    [InlineData("{{ a: {0}, b: {0}, c: {0}, d: {0}, e: {0}, f: {0}, g: {0}, h: {0}, i: {0} }}")]
    [InlineData("{{ <<: [{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}] }}")]
    public void Given_aliases_that_multiply_when_loaded_then_the_error_counts_keys(string level)
    {
        var bomb = Enumerable.Range(1, 7).Select(i => $"l{i}: &l{i} {string.Format(null, level, $"*l{i - 1}")}");
        Assert.Contains("more than 100,000 keys", Assert.Throws<UsageException>(() => Load(string.Join('\n', bomb.Prepend("l0: &l0 { x: lol }")))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{ a: ")]
    public void Given_a_file_nested_without_end_when_loaded_then_the_error_names_the_depth(string opening)
    {
        var deep = Good + "\nx:\n  " + string.Concat(Enumerable.Repeat(opening, 20_000));
        Assert.Contains("nested more than 32 levels deep", Assert.Throws<UsageException>(() => Load(deep)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("? *a\n: 1")]
    [InlineData("? [x]\n: 1")]
    [InlineData("{ ? { y: z } : 1 }")]
    [InlineData("[{ b: 2, *a : 1 }]")]
    public void Given_a_key_that_is_no_word_when_loaded_then_it_is_refused_before_it_is_hashed(string value)
    {
        var file = Good + "\nx: &a { b: c }\ny:\n  " + value.Replace("\n", "\n  ", StringComparison.Ordinal);
        Assert.Contains("a key must be a word", Assert.Throws<UsageException>(() => Load(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Given_an_alias_of_nothing_when_loaded_then_the_error_names_its_line()
    {
        var error = Assert.Throws<UsageException>(() => Load("name: x\nmodel: a\nx: *nope"));
        Assert.Contains("line 3, column 4: there is no anchor '&nope'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Given_a_byte_that_is_not_utf8_when_loaded_then_the_error_names_line_and_byte()
    {
        File.WriteAllBytes(path, [.. "name: x\nmodel: caf"u8, 0xE9, .. "\n"u8]);
        Assert.Contains("line 2: the byte 0xE9 is not UTF-8", Assert.Throws<UsageException>(() => WorkerOptions.Load(path, [])).Message, StringComparison.Ordinal);
    }

    public void Dispose() => File.Delete(path);

    private static string WithPrompt(string prompt) =>
        Good.Replace("  template: |\n    Text: {{ text }}\n    JSON:\n", prompt.TrimEnd() + "\n", StringComparison.Ordinal);

    private WorkerOptions Load(string yaml, params string[] settings)
    {
        File.WriteAllText(path, yaml);
        return WorkerOptions.Load(path, settings, ConfigurationLayer.FromSettings([]));
    }
}
