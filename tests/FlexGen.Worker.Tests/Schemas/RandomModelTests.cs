using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json;
using FlexGen.Constraints;
using FlexGen.Dataflow;
using FlexGen.Dataflow.Checks;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Engine.Models;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Generation;
using FlexGen.Worker.Tests.Support;
using static TorchSharp.torch;

namespace FlexGen.Worker.Tests.Schemas;

/// <summary>
/// A model that knows nothing, under schemas of the collection that lies beside the project: whatever it is led to is a document of the schema. FLEXGEN_SCHEMAS says how
/// many of them are tried, if not some.
/// </summary>
[Trait("Category", "Long")]
public sealed class RandomModelTests(ITestOutputHelper log) : IDisposable
{
    private const int Some = 60;
    private const string Config = """
        {"architectures": ["LlamaForCausalLM"], "vocab_size": 800, "hidden_size": 64, "num_hidden_layers": 2, "intermediate_size": 128,
         "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 320, "rms_norm_eps": 1e-5, "eos_token_id": 2, "bos_token_id": 2}
        """;

    private static readonly string sample = Path.Combine(Repository.Root, "..", "shared", "schemas", "sample.jsonl.gz");
    private static readonly string packages = Path.Combine(Repository.Root, "tests", "node_modules");
    private static readonly JsonDocumentOptions deep = new() { MaxDepth = 512 };
    private readonly ModelWorkspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Fact]
    public async Task Given_a_random_model_then_each_output_is_of_its_schema_or_incomplete()
    {
        Assert.SkipUnless(File.Exists(sample), $"NOT TESTED: {sample} is absent");
        var count = int.TryParse(Environment.GetEnvironmentVariable("FLEXGEN_SCHEMAS"), out var asked) ? asked : Some;
        using var model = Load();
        var (refused, checkedLater, incomplete, unread) = (0, 0, 0, 0);
        var running = new List<(string Name, JsonElement Schema, OutputSchema? Check, double Temperature, Task<GeneratedText> Output)>();
        foreach (var (name, schema) in Sample(count))
        {
            Constraint constraint;
            try
            {
                constraint = Constraint.ForSchema(schema, model.TokensOf(new()), ConstraintOptions.Default);
            }
            catch (ConstraintException)
            {
                refused++;
                continue;
            }

            if (constraint.Unenforced.Count > 0)
            {
                checkedLater++;
                continue;
            }

            var check = Check(schema);
            unread += check is null ? 1 : 0;
            foreach (var temperature in new[] { 0, 1.5 })
            {
                var form = model.Form(new GenerationOptions { MaxNewTokens = 200, Temperature = temperature, Seed = name.Length }, _ => constraint);
                if (form.TooFewTokens is not null)
                {
                    // A user is told so before anything is generated.
                    incomplete++;
                    continue;
                }

                running.Add((name, schema, check, temperature, model.GenerateAsync([2, 5 + (name.Length % 700)], returnLogits: false, default, form)));
            }
        }

        var lines = new List<string>();
        foreach (var (name, schema, check, temperature, generating) in running)
        {
            var output = await generating;
            if (output.Incomplete is not null)
            {
                incomplete++;
                continue;
            }

            try
            {
                check?.Check(output.Text!);
                using var parsed = JsonDocument.Parse(output.Text!);
            }
            catch (Exception e) when (e is RecordException or JsonException)
            {
                Assert.Fail($"{name} at {temperature}: {e.Message}\n{output.Text}\n{schema}");
            }

            lines.Add(JsonSerializer.Serialize(new { name, schema, output = output.Text }));
        }

        log.WriteLine($"{lines.Count} outputs are whole, {incomplete} incomplete; {refused} schemas were refused, {checkedLater} have keywords that are checked afterwards, "
            + $"{unread} the pipeline's check does not read");
        Assert.True(lines.Count > count / 2, "most are whole");
        await HoldAgainstAjvAsync(lines);
    }

    private async Task HoldAgainstAjvAsync(List<string> lines)
    {
        if (!Directory.Exists(Path.Combine(packages, "ajv")))
        {
            log.WriteLine($"NOT TESTED with ajv: {packages}/ajv is absent: npm ci --prefix tests");
            return;
        }

        workspace.Write("outputs.jsonl", lines);
        var start = new ProcessStartInfo("bash", ["-c", $"node '{Path.Combine(Repository.Root, "tests/FlexGen.Worker.Tests/Schemas/validate.mjs")}' '{packages}/' < '{workspace.At("outputs.jsonl")}'"])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        log.WriteLine(said);
        Assert.Equal(0, process.ExitCode);
        Assert.Single(said.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static IEnumerable<(string Name, JsonElement Schema)> Sample(int count)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(sample), CompressionMode.Decompress));
        List<string> lines = [];
        while (reader.ReadLine() is { } line)
        {
            lines.Add(line);
        }

        // Spread over the file.
        count = Math.Min(count, lines.Count);
        return [.. Enumerable.Range(0, count).Select(n => JsonElement.Parse(lines[(int)((long)n * lines.Count / count)], deep))
            .Select(line => (line.GetProperty("name").GetString()!, line.GetProperty("schema")))];
    }

    private static OutputSchema? Check(JsonElement schema)
    {
        try
        {
            return OutputSchema.Parse(schema.GetRawText(), TimeProvider.System);
        }
        catch (PipelineDefinitionException)
        {
            return null;
        }
    }

    private LanguageModel Load()
    {
        var folder = workspace.Copy(ModelWorkspace.DemoModel);
        File.WriteAllText(Path.Combine(folder, "config.json"), Config);
        using var scope = NewDisposeScope();
        var generator = new Generator(7);
        var layers = ModelFamily.Create(JsonElement.Parse(Config), _ => true).Layers;
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. layers.SelectMany(l => l.Weights).DistinctBy(w => w.Name)
            .Select(w => KeyValuePair.Create(w.Name, randn([.. w.Shape], generator: generator) * 0.3))]);
        return LanguageModel.Load(folder, new EngineSettings { Device = "cpu", GpuBatchSize = 32 }, new());
    }
}
