using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Engine.Models;
using FlexGen.Engine.Tests.Models;
using FlexGen.Engine.Tests.Support;
using FlexGen.Planning;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests;

/// <summary>What 4 bits cost on random models of every architecture, whose weights have nothing that rounding could spare.</summary>
public sealed class CompressionTests(ITestOutputHelper output) : IDisposable
{
    private static readonly EngineOptions options = new() { Device = "cpu", DataType = "float32", GpuBatchSize = 4 };
    private static readonly IReadOnlyList<int[]> prompts =
        [.. Enumerable.Range(1, 4).Select(n => Enumerable.Range(0, 5 * n).Select(t => ((t * 37) + n) % 500).ToArray())];

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Models => [.. Reference.Cases.Where(c => Directory.Exists(Reference.File(c)))];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Logits_are_those_of_the_rounded_weights_up_to_the_8_bits_of_activations(string model)
    {
        WriteRounded(Reference.File(model));
        var reference = Reference.Prompts(model);
        var expected = await Generate(reference.Select(p => p.TokenIds), folder.Path, options);
        var actual = await Generate(reference.Select(p => p.TokenIds), Reference.File(model), options with { CompressWeights = Compression.Int4 });
        var cost = reference.Zip(actual, (p, a) => RelativeError(p.Logits, a.Logits!)).Max();
        var apart = expected.Zip(actual, (e, a) => RelativeError(e.Logits!, a.Logits!)).Max();
        output.WriteLine($"{model}: {apart:0.0000} from the rounded weights', {cost:0.0000} from the weights' own");
        // These models are made to be sensitive: they answer a change with ten times that.
        Assert.InRange(apart, 0, 0.25);
    }

    [Theory]
    [InlineData("opt-untied")]
    [InlineData("llama-gqa-tied")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("mistral")]
    public async Task On_a_GPU_logits_are_those_of_the_rounded_weights_up_to_its_type_s_bits(string model)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        WriteRounded(Reference.File(model));
        var reference = Reference.Prompts(model).Select(p => p.TokenIds).ToList();
        var expected = await Forced(reference, folder.Path, options);
        foreach (var (type, most) in new[] { ("float32", 1e-3), ("float16", 0.05), ("bfloat16", 0.4) })
        {
            // The first step is of many rows, those after it are of few.
            var actual = await Forced(reference, Reference.File(model), options with { Device = "cuda:0", DataType = type, CompressWeights = Compression.Int4 });
            var apart = expected.Zip(actual, RelativeError).Max();
            output.WriteLine($"{model} in {type}: {apart:0.00000} from the rounded weights'");
            Assert.InRange(apart, 0, most);
        }
    }

    /// <summary>Where numbers are rounded to 4 bits, the last bit of one may change which: so tokens are not compared, but how far logits are apart.</summary>
    [Theory]
    [InlineData("float32")]
    [InlineData("float16")]
    public async Task On_a_GPU_logits_stay_near_the_processor_s_wherever_weights_and_cache_rest_in_4_bits_and_are_attended_to(string type)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        WriteLlama();
        var kept = options with { CompressWeights = Compression.Int4, CompressCache = Compression.Int4, DiskDirectory = folder.Path };
        var expected = await Forced(prompts, folder.Path, kept);
        foreach (var place in new Placement[] { new(100, 0), new(0, 100), new(0, 0), new(34, 33) })
        {
            foreach (var attention in new[] { 0, 50, 100 })
            {
                var placed = kept with { Device = "cuda:0", DataType = type, Weights = place, Cache = place, AttentionOnHost = attention };
                var apart = expected.Zip(await Forced(prompts, folder.Path, placed), RelativeError).Max();
                output.WriteLine($"{type}, {place}, {attention}% of attention on the host: {apart:0.0000}");
                Assert.InRange(apart, 0, 0.06);
            }
        }
    }

    /// <summary>Random weights have nothing to spare: in a trained model's the same rounding costs less.</summary>
    [Theory]
    [InlineData("OPT", """ "ffn_dim": 512 """)]
    [InlineData("Llama", """ "intermediate_size": 384, "num_key_value_heads": 2 """)]
    [InlineData("Mistral", """ "intermediate_size": 384, "num_key_value_heads": 2 """)]
    [InlineData("Qwen2", """ "intermediate_size": 384, "num_key_value_heads": 2 """)]
    [InlineData("Qwen3", """ "intermediate_size": 384, "num_key_value_heads": 2, "head_dim": 32 """)]
    public async Task Logits_of_random_weights_change_by_less_than_a_sixth_in_4_bits(string family, string sizes)
    {
        WriteRandom(family, sizes);
        var expected = await Forced(prompts, folder.Path, options);
        foreach (var (weights, cache) in new[] { (Compression.Int4, Compression.None), (Compression.None, Compression.Int4), (Compression.Int4, Compression.Int4) })
        {
            var actual = await Forced(prompts, folder.Path, options with { CompressWeights = weights, CompressCache = cache });
            var apart = expected.Zip(actual, RelativeError).Max();
            output.WriteLine($"{family}, weights {weights}, KV cache {cache}: {apart:0.0000}");
            Assert.InRange(apart, 0, 1.0 / 6);
        }
    }

    private void WriteLlama() => WriteRandom("Llama", """ "intermediate_size": 384, "num_key_value_heads": 2 """);

    private void WriteRandom(string family, string sizes) => RandomCheckpoint.Write(folder.Path, $$"""
        {"architectures": ["{{family}}ForCausalLM"], "vocab_size": 500, "hidden_size": 128, "num_hidden_layers": 3, "num_attention_heads": 4,
         "max_position_embeddings": 64, "tie_word_embeddings": false, {{sizes}} }
        """, deviation: 0.05);

    /// <summary>The logits of each of some steps, whose tokens are given.</summary>
    private static async Task<List<float[]>> Forced(IEnumerable<int[]> prompts, string path, EngineOptions options)
    {
        const int steps = 16;
        using var engine = OffloadEngine.Load(path, options);
        var logits = prompts.Select(p => (Prompt: p, Steps: new List<float[]>())).ToList();
        await engine.GenerateAllAsync([.. logits.Select(l => new GenerationRequest(l.Prompt, SamplingOptions.Greedy)
        {
            MaxNewTokens = steps,
            IgnoreEos = true,
            Choose = row =>
            {
                l.Steps.Add(row.ToArray());
                return l.Steps.Count * 3;
            },
        })]);
        return [.. logits.SelectMany(l => l.Steps)];
    }

    private static async Task<GeneratedSequence[]> Generate(IEnumerable<int[]> prompts, string path, EngineOptions options)
    {
        using var engine = OffloadEngine.Load(path, options);
        return await engine.GenerateAllAsync(
            [.. prompts.Select(p => new GenerationRequest(p, SamplingOptions.Greedy) { MaxNewTokens = 8, IgnoreEos = true, ReturnLogits = true })]);
    }

    private static double RelativeError(float[] expected, float[] actual) =>
        Math.Sqrt(expected.Zip(actual, (e, a) => Math.Pow(e - a, 2)).Sum() / expected.Sum(e => Math.Pow(e, 2)));

    /// <summary>A checkpoint of the numbers that the weights are rounded to.</summary>
    private void WriteRounded(string source)
    {
        using var scope = NewDisposeScope();
        using var checkpoint = Checkpoint.Open(source);
        File.Copy(Path.Combine(source, "config.json"), Path.Combine(folder.Path, "config.json"));
        var tensors = ModelFamily.Create(checkpoint).Layers.SelectMany(l => l.Weights).DistinctBy(w => w.Name)
            .Select(w => KeyValuePair.Create(w.Name, w.IsLinear ? Rounded(checkpoint, w) : checkpoint.Load(w, ScalarType.Float32, CPU)));
        SafetensorsWriter.Write(Path.Combine(folder.Path, "model.safetensors"), [.. tensors]);
    }

    private static Tensor Rounded(Checkpoint checkpoint, WeightSpec spec)
    {
        using var packed = new PackedMatrix(new(spec.Shape[0], spec.Shape[1], WeightShape.DefaultGroup));
        checkpoint.ReadPacked(spec, packed.Shape, 0, packed.Weight.Address, packed.Shape.Bytes);
        var numbers = from row in Enumerable.Range(0, (int)spec.Shape[0]) from column in Enumerable.Range(0, (int)spec.Shape[1]) select (float)packed.Value(row, column);
        return tensor((float[])[.. numbers], [.. spec.Shape]);
    }
}
