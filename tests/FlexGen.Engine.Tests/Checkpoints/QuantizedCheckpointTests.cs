using System.Text.Json.Nodes;
using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Models;
using FlexGen.Engine.Tests.Models;
using FlexGen.Engine.Tests.Quantization;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Checkpoints;

/// <summary>Checkpoints of GPTQ and AWQ: what is read of them is what their own layouts say, in float64, and what cannot be read is refused.</summary>
public sealed class QuantizedCheckpointTests(ITestOutputHelper output) : IDisposable
{
    private const string Llama = """
        {"architectures": ["LlamaForCausalLM"], "vocab_size": 56, "hidden_size": 64, "num_hidden_layers": 2, "intermediate_size": 104,
         "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64, "rms_norm_eps": 1e-5}
        """;

    private const string Gptq = """{"quant_method": "gptq", "bits": 4, "group_size": 32, "desc_act": false, "sym": false}""";
    private const string Awq = """{"quant_method": "awq", "bits": 4, "group_size": 32, "zero_point": true, "version": "gemm"}""";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("gptq", 32, 128, 32, false)]
    [InlineData("gptq", 64, 192, 24, false)]
    [InlineData("gptq", 128, 320, 40, false)]
    [InlineData("gptq", 128, 256, 16, true)]
    [InlineData("gptq", 256, 512, 8, false)]
    [InlineData("gptq", -1, 200, 16, true)]
    [InlineData("gptq_v2", 32, 96, 48, false)]
    [InlineData("gptq_v2", 128, 1024, 1000, true)]
    [InlineData("awq", 32, 128, 40, false)]
    [InlineData("awq", 64, 192, 16, false)]
    [InlineData("awq", 128, 384, 8, false)]
    [InlineData("awq", 128, 1024, 1000, false)]
    [InlineData("awq", -1, 136, 24, false)]
    public void A_weight_reads_as_its_own_layout_says(string layout, int group, int input, int output, bool symmetric)
    {
        using var scope = NewDisposeScope();
        var weight = QuantizedWeight.Random(output, input, group < 0 ? input : group, seed: input, symmetric ? 8 : null, layout == "gptq" ? 16 : 15);
        var version = layout == "awq" ? "\"version\": \"GEMM\"" : $"\"checkpoint_format\": \"{layout}\"";
        var method = $"\"quant_method\": \"{layout.Split('_')[0]}\", \"bits\": 4, \"group_size\": {group}, \"sym\": {(symmetric ? "true" : "false")}";
        var config = $"{{\"quantization_config\": {{{method}, \"desc_act\": true, {version}}}}}";
        QuantizedWeight.Write(folder.Path, config, layout == "awq" ? weight.Awq("a.b") : weight.Gptq("a.b", layout == "gptq" ? 1 : 0));
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(["a.b.weight"], checkpoint.Names);
        var spec = new WeightSpec("a.b.weight", [output, input], 0, IsLinear: true);
        var packedGroup = checkpoint.PackedGroup(spec)!.Value;
        Assert.Equal(group is -1 or 256 ? 128 : group, packedGroup);
        var shape = new PackedShape(output, input, packedGroup);
        var packed = Reading.Packed(checkpoint, spec, shape);
        var unpacked = PackedNumbers.Unpack(packed, shape);
        for (var row = 0; row < output; row++)
        {
            for (var column = 0; column < input; column++)
            {
                Assert.Equal(weight.At(row, column), unpacked[row, column]);
            }
        }

        for (var row = output; row < shape.Tiles * 16; row++)
        {
            Assert.Equal(default, PackedNumbers.At(packed, shape, row, input - 1));
        }

        Assert.Equal(packed, Reading.PackedInPieces(checkpoint, spec, shape));
        var dense = Assert.Throws<InvalidOperationException>(() => checkpoint.Load(spec, ScalarType.Float32, CPU));
        Assert.Contains("a.b.weight", dense.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Gptq)]
    [InlineData(Awq)]
    public void A_model_has_all_its_weights_under_their_names(string scheme)
    {
        Write(scheme, _ => { });
        using var checkpoint = Checkpoint.Open(folder.Path);
        var model = ModelFamily.Create(checkpoint);
        Assert.Equal(ScalarType.Float16, checkpoint.StoredType(model));
        foreach (var spec in model.Layers.SelectMany(l => l.Weights))
        {
            Assert.Equal(spec.IsLinear && spec.Name != "lm_head.weight" ? 32 : null, checkpoint.PackedGroup(spec));
        }
    }

    [Theory]
    [InlineData(Gptq)]
    [InlineData(Awq)]
    public async Task A_model_answers_as_the_numbers_of_its_layout_say(string scheme)
    {
        Write(scheme, _ => { });
        using var dense = new TemporaryFolder();
        using (var scope = NewDisposeScope())
        {
            QuantizedWeight.Write(dense.Path, Llama, [.. RandomCheckpoint.Tensors(Llama, ScalarType.Float16).Select(t => IsQuantized(t.Key)
                ? KeyValuePair.Create(t.Key, Weight(t.Key, t.Value.shape, null).Dense()) : t)]);
        }

        var (expected, actual) = (await Logits(dense.Path), await Logits(folder.Path));
        var apart = Math.Sqrt(expected.Zip(actual, (e, a) => Math.Pow(e - a, 2)).Sum() / expected.Sum(e => Math.Pow(e, 2)));
        output.WriteLine($"{apart:0.0000} apart");
        Assert.InRange(apart, 0, 0.05);

        static async Task<float[]> Logits(string folder)
        {
            using var engine = OffloadEngine.Load(folder, new() { Device = "cpu", DataType = "float32" });
            var sequences = await engine.GenerateAllAsync([new(new[] { 3, 14, 15, 9, 26 }, SamplingOptions.Greedy) { MaxNewTokens = 2, ReturnLogits = true }]);
            return sequences[0].Logits!;
        }
    }

    [Fact]
    public void What_says_how_it_is_quantised_may_stand_beside_config_json()
    {
        Write(Gptq, _ => { });
        File.WriteAllText(folder.File("config.json"), Llama);
        Refused("of a quantised checkpoint", "no 'quantization_config'");
        File.WriteAllText(folder.File("quantize_config.json"), """{"bits": 8, "group_size": 32, "desc_act": false, "sym": false}""");
        Refused("quantize_config.json: 'bits' is 8");
        File.WriteAllText(folder.File("quantize_config.json"), """{"bits": 4, "group_size": 32, "desc_act": false, "sym": false}""");
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(2, ModelFamily.Create(checkpoint).Shape.DecoderLayers);
    }

    [Theory]
    [InlineData("""{"quant_method": "fp8"}""", "'quantization_config.quant_method' is 'fp8'", "float16 or bfloat16")]
    [InlineData("""{"quant_method": "mxfp4"}""", "'mxfp4'")]
    [InlineData("""{"quant_method": "bitsandbytes", "load_in_4bit": true}""", "'bitsandbytes'")]
    [InlineData("""{"quant_method": "compressed-tensors"}""", "'compressed-tensors'")]
    [InlineData("""{"quant_method": "auto-round", "bits": 4}""", "'auto-round'")]
    [InlineData("""{"load_in_8bit": true}""", "'quantization_config.quant_method' is missing")]
    [InlineData("[]", "'quantization_config' is []; an object is expected")]
    [InlineData("""{"quant_method": "gptq", "bits": 8, "group_size": 32}""", "'quantization_config.bits' is 8; only 4")]
    [InlineData("""{"quant_method": "gptq", "bits": "4", "group_size": 32}""", "'quantization_config.bits' is \"4\"; an integer")]
    [InlineData("""{"quant_method": "gptq", "bits": 4, "group_size": 16}""", "group_size' is 16; 32, 64, a multiple of 128")]
    [InlineData("""{"quant_method": "gptq", "bits": 4}""", "group_size' is missing")]
    [InlineData("""{"quant_method": "gptq", "bits": 4, "group_size": 32, "checkpoint_format": "marlin"}""", "checkpoint_format' is 'marlin'")]
    [InlineData("""{"quant_method": "gptq", "bits": 4, "group_size": 32, "is_marlin_format": true}""", "Marlin")]
    [InlineData("""{"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemv_fast"}""", "version' is 'gemv_fast'", "gemm")]
    [InlineData("""{"quant_method": "gptq", "bits": 4, "group_size": 64}""", "self_attn.q_proj.qzeros' is [2, 8], but beside the others it must be [1, 8]")]
    [InlineData("""{"quant_method": "gptq", "bits": 4, "group_size": 32, "sym": true}""", "has zeros of 8", "gptq_v2")]
    [InlineData("""{"quant_method": "flexgen", "bits": 4, "group_size": 64, "format": "tiles32"}""", "format' is 'tiles32'; tiles16")]
    [InlineData("""{"quant_method": "flexgen", "bits": 4, "group_size": 256, "format": "tiles16"}""", "group_size' is 256; 32, 64 or 128")]
    [InlineData("""{"quant_method": "flexgen", "bits": 4, "group_size": 64, "format": "tiles16"}""", "metadata does not say")]
    public void What_cannot_be_read_is_refused_by_name(string scheme, params string[] parts)
    {
        Write(Gptq, _ => { }, zero: 9);
        File.WriteAllText(folder.File("config.json"), With(scheme));
        Refused(parts);
    }

    [Fact]
    public void Zeros_of_the_first_version_under_the_name_of_the_second_are_refused_where_it_shows()
    {
        Write(Gptq, _ => { }, zero: 8);
        const string Second = """{"quant_method": "gptq", "bits": 4, "group_size": 32, "checkpoint_format": "gptq_v2", "sym": true}""";
        File.WriteAllText(folder.File("config.json"), With(Second));
        Refused("qzeros' has zeros of 7", "stores them as 8", "\"checkpoint_format\": \"gptq\"");
        File.WriteAllText(folder.File("config.json"), With(Second.Replace("gptq_v2", "gptq", StringComparison.Ordinal)));
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(2, ModelFamily.Create(checkpoint).Shape.DecoderLayers);
    }

    [Theory]
    [InlineData("permuted", "g_idx' puts input 3 into group 1, not 0", "act-order")]
    [InlineData("no order", "desc_act' is true) without a g_idx")]
    [InlineData("no zeros", "q_proj.qweight' is there without 'model.layers.0.self_attn.q_proj.qzeros'")]
    [InlineData("float numbers", "q_proj.qweight' is stored as F32; I32 or U32")]
    [InlineData("both", "q_proj.qweight' is there, and 'model.layers.0.self_attn.q_proj.weight', too")]
    [InlineData("other shape", "q_proj.weight' is [64, 128], but by config.json it must be [64, 64]")]
    [InlineData("left over", "would be left out", "'model.layers.0.self_attn.r_proj.weight' [64, 64]")]
    [InlineData("bias", "would be left out", "'model.layers.0.self_attn.q_proj.bias' [64]")]
    [InlineData("embedding", "'model.embed_tokens.weight' is stored in 4 bits", "linear layer")]
    [InlineData("missing", "'model.layers.1.mlp.up_proj.weight' [104, 64]")]
    [InlineData("nothing", "no tensor is stored as it says")]
    public void Tensors_that_do_not_fit_are_refused_by_name(string fault, params string[] parts)
    {
        const string Q = "model.layers.0.self_attn.q_proj";
        var scheme = fault == "no order" ? Gptq.Replace("\"desc_act\": false", "\"desc_act\": true", StringComparison.Ordinal) : Gptq;
        Write(scheme, tensors =>
        {
            switch (fault)
            {
                case "permuted":
                    tensors[Q + ".g_idx"] = tensor(Enumerable.Range(0, 64).Select(k => k == 3 ? 1 : k / 32).ToArray());
                    break;
                case "no order":
                    tensors.Remove(Q + ".g_idx");
                    break;
                case "no zeros":
                    tensors.Remove(Q + ".qzeros");
                    break;
                case "float numbers":
                    tensors[Q + ".qweight"] = tensors[Q + ".qweight"].to(ScalarType.Float32);
                    break;
                case "both":
                    tensors[Q + ".weight"] = zeros(64, 64);
                    break;
                case "other shape":
                    Set(tensors, QuantizedWeight.Random(64, 128, 32, 1).Gptq(Q, 1));
                    break;
                case "left over":
                    Set(tensors, QuantizedWeight.Random(64, 64, 32, 1).Gptq("model.layers.0.self_attn.r_proj", 1));
                    break;
                case "bias":
                    tensors[Q + ".bias"] = zeros(64);
                    tensors[Q + ".bias"][5] = 1;
                    break;
                case "embedding":
                    tensors.Remove("model.embed_tokens.weight");
                    Set(tensors, QuantizedWeight.Random(56, 64, 32, 1).Gptq("model.embed_tokens", 1));
                    break;
                case "missing":
                    foreach (var name in tensors.Keys.Where(n => n.StartsWith("model.layers.1.mlp.up_proj.", StringComparison.Ordinal)).ToList())
                    {
                        tensors.Remove(name);
                    }

                    break;
                default:
                    foreach (var name in tensors.Keys.Where(n => !n.EndsWith(".weight", StringComparison.Ordinal)).ToList())
                    {
                        tensors.Remove(name);
                    }

                    break;
            }
        });
        Refused(parts);
    }

    [Fact]
    public void Biases_of_zeros_that_no_layer_has_may_be_there()
    {
        Write(Gptq, tensors => tensors["model.layers.0.self_attn.q_proj.bias"] = zeros(64, ScalarType.Float16));
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(2, ModelFamily.Create(checkpoint).Shape.DecoderLayers);
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, 0.01, null)]
    [InlineData(ScalarType.Float32, 0.01, null)]
    [InlineData(ScalarType.Float32, 0.0100001, "which float16 cannot hold")]
    [InlineData(ScalarType.BFloat16, 1e-7, "which float16 cannot hold")]
    [InlineData(ScalarType.BFloat16, 1e6, "which float16 cannot hold")]
    [InlineData(ScalarType.Float16, double.NaN, "which is no number")]
    [InlineData(ScalarType.Float16, double.PositiveInfinity, "which is no number")]
    public void Scales_of_another_type_are_kept_where_float16_holds_them(ScalarType type, double scale, string? refused)
    {
        using var scope = NewDisposeScope();
        var weight = QuantizedWeight.Random(64, 96, 32, 5, scale: (Half)0.0100097656);
        var tensors = weight.Awq("w", type).ToDictionary();
        tensors["w.scales"][2, 33] = scale == 0.01 ? 0.0100097656 : scale;
        QuantizedWeight.Write(folder.Path, With(Awq), [.. tensors]);
        using var checkpoint = Checkpoint.Open(folder.Path);
        var spec = new WeightSpec("w.weight", [64, 96], 0, IsLinear: true);
        var read = () => Reading.Packed(checkpoint, spec, new(64, 96, 32));
        if (refused is null)
        {
            Assert.Equal((float)(Half)0.0100097656, PackedNumbers.At(read(), new(64, 96, 32), 33, 95).Scale);
            return;
        }

        var message = Assert.Throws<CheckpointException>(read).Message;
        Assert.Contains(refused, message, StringComparison.Ordinal);
        Assert.Contains("tensor 'w.scales' has ", message, StringComparison.Ordinal);
        Assert.Contains("in row 2, column 33", message, StringComparison.Ordinal);
    }

    private static string With(string scheme) => With(Llama, scheme);

    private static string With(string config, string scheme)
    {
        var json = JsonNode.Parse(config)!.AsObject();
        json["quantization_config"] = JsonNode.Parse(scheme);
        return json.ToJsonString();
    }

    private static void Set(Dictionary<string, Tensor> tensors, IEnumerable<KeyValuePair<string, Tensor>> others)
    {
        foreach (var (name, value) in others)
        {
            tensors[name] = value;
        }
    }

    /// <summary>Writes a Llama whose linear layers but the head are quantised, changed before it is written.</summary>
    private void Write(string scheme, Action<Dictionary<string, Tensor>> change, int? zero = null)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (name, value) in RandomCheckpoint.Tensors(Llama, ScalarType.Float16))
        {
            if (!IsQuantized(name))
            {
                tensors[name] = value;
                continue;
            }

            var (prefix, weight) = (name[..^".weight".Length], Weight(name, value.shape, zero));
            Set(tensors, scheme == Awq ? weight.Awq(prefix) : weight.Gptq(prefix, 1));
        }

        change(tensors);
        QuantizedWeight.Write(folder.Path, With(scheme), [.. tensors]);
    }

    private static bool IsQuantized(string name) => name.EndsWith("_proj.weight", StringComparison.Ordinal);

    private static QuantizedWeight Weight(string name, long[] shape, int? zero) =>
        QuantizedWeight.Random((int)shape[0], (int)shape[1], 32, name.Sum(c => c), zero);

    private void Refused(params string[] parts)
    {
        var message = Assert.Throws<CheckpointException>(() =>
        {
            using var checkpoint = Checkpoint.Open(folder.Path);
            ModelFamily.Create(checkpoint);
        }).Message;
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }
}
