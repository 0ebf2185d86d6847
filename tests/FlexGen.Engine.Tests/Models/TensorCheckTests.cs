using System.Text.Json.Nodes;
using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Engine.Models;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Models;

public sealed class TensorCheckTests : IDisposable
{
    private const string Llama = """
        {"architectures": ["LlamaForCausalLM"], "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "intermediate_size": 24,
         "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64}
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("""{"attention_bias": true}""", """{"attention_bias": false}""", "8 tensors would be left out", "'model.layers.0.self_attn.k_proj.bias' [8]", "All would fit with 'attention_bias': true")]
    [InlineData("""{"mlp_bias": true}""", """{"mlp_bias": false}""", "6 tensors", "'model.layers.0.mlp.down_proj.bias' [16]", "'mlp_bias': true")]
    [InlineData("""{"attention_bias": true, "mlp_bias": true}""", """{"attention_bias": null, "mlp_bias": null}""", "14 tensors", "and 10 more", "Some would fit with 'attention_bias': true, or 'mlp_bias': true")]
    [InlineData("""{"num_hidden_layers": 3}""", """{"num_hidden_layers": 2}""", "'num_hidden_layers' is 2, but tensors of 3 layers are stored", "'model.layers.2.")]
    [InlineData("""{"architectures": ["Qwen3ForCausalLM"], "head_dim": 4}""", """{"architectures": ["LlamaForCausalLM"]}""", "4 tensors", "'model.layers.0.self_attn.k_norm.weight' [4]", """All would fit with 'architectures': ["Qwen3ForCausalLM"]""")]
    [InlineData("""{"architectures": ["Qwen2ForCausalLM"]}""", """{"architectures": ["LlamaForCausalLM"]}""", "6 tensors", """All would fit with 'architectures': ["Qwen2ForCausalLM"]""")]
    [InlineData("""{"architectures": ["Qwen2ForCausalLM"]}""", """{"architectures": ["MistralForCausalLM"]}""", "6 tensors", """All would fit with 'architectures': ["Qwen2ForCausalLM"]""")]
    public void Tensors_that_the_model_would_leave_out_are_refused_with_the_key_that_uses_them(string stored, string asked, params string[] parts) =>
        Refused(With(Llama, stored), With(With(Llama, stored), asked), parts);

    [Theory]
    [InlineData("""{"enable_bias": true}""", """{"enable_bias": false}""", "12 tensors", "'model.decoder.layers.0.fc1.bias' [24]", "All would fit with 'enable_bias': true")]
    [InlineData("{}", """{"layer_norm_elementwise_affine": false}""", "10 tensors", "'layer_norm_elementwise_affine': true")]
    [InlineData("{}", """{"do_layer_norm_before": false}""", "2 tensors", "'model.decoder.final_layer_norm.bias' [16]", "'do_layer_norm_before': true")]
    [InlineData("{}", """{"num_hidden_layers": 1}""", "'num_hidden_layers' is 1, but tensors of 2 layers", "'model.decoder.layers.1.")]
    public void So_are_those_of_Opt(string stored, string asked, params string[] parts) =>
        Refused(With(RandomCheckpoint.Opt, stored), With(With(RandomCheckpoint.Opt, stored), asked), parts);

    [Theory]
    [InlineData("{}", """{"attention_bias": true}""", "8 tensors that config.json asks for are missing", "'model.layers.0.self_attn.q_proj.bias' [16]", "All would fit with 'attention_bias': false")]
    [InlineData("""{"tie_word_embeddings": true}""", """{"tie_word_embeddings": false}""", "1 tensor that config.json asks for is missing: 'lm_head.weight' [50, 16]", "'tie_word_embeddings': true")]
    [InlineData("""{"tie_word_embeddings": true}""", """{"tie_word_embeddings": null}""", "'lm_head.weight'", "'tie_word_embeddings': true")]
    [InlineData("{}", """{"architectures": ["Qwen3ForCausalLM"], "head_dim": 4}""", "4 tensors", "q_norm.weight' [4]", "LlamaForCausalLM")]
    [InlineData("{}", """{"num_hidden_layers": 4}""", "'num_hidden_layers' is 4, but tensors of 2 layers are stored")]
    [InlineData("{}", """{"num_hidden_layers": 1000000000}""", "'num_hidden_layers' is 1000000000, but tensors of 2 layers are stored")]
    [InlineData("{}", """{"vocab_size": 2147483647}""", "'model.embed_tokens.weight' is [50, 16], but by config.json it must be [2147483647, 16]")]
    [InlineData("{}", """{"head_dim": 2147483646, "num_attention_heads": 2147483647, "num_key_value_heads": 1}""", "q_proj.weight' is [16, 16]", "must be [4611686011984936962, 16]")]
    [InlineData("{}", """{"intermediate_size": 2147483647}""", "mlp.gate_proj.weight' is [24, 16], but by config.json it must be [2147483647, 16]")]
    public void Tensors_that_are_missing_or_of_another_size_are_refused_before_anything_is_built(string stored, string asked, params string[] parts) =>
        Refused(With(Llama, stored), With(With(Llama, stored), asked), parts);

    [Fact]
    public void Opts_positions_are_held_against_the_table() => Refused(
        RandomCheckpoint.Opt, With(RandomCheckpoint.Opt, """{"max_position_embeddings": 2147483647}"""), "embed_positions.weight' is [34, 16]", "must be [2147483649, 16]");

    [Theory]
    [InlineData("model.layers.0.self_attn.rotary_emb.inv_freq", new long[] { 8 })]
    [InlineData("model.layers.7.self_attn.rotary_emb.inv_freq", new long[] { 8 })]
    [InlineData("model.rotary_emb.inv_freq", new long[] { 8 })]
    [InlineData("rotary_pos_emb.inv_freq", new long[] { 8 })]
    [InlineData("model.causal_mask", new long[] { 8, 8 })]
    [InlineData("model.layers.0.attn.masked_bias", new long[0])]
    [InlineData("model.layers.0.attn.bias", new long[] { 1, 1, 8, 8 })]
    [InlineData("model.embeddings.position_ids", new long[] { 1, 8 })]
    [InlineData("mtp.layers.0.mlp.up_proj.weight", new long[] { 4, 4 })]
    [InlineData("v_head.summary.weight", new long[] { 1, 16 })]
    public void What_changes_no_token_may_be_left_over(string name, long[] shape)
    {
        using var scope = NewDisposeScope();
        Write(Llama, [KeyValuePair.Create(name, ones(shape))]);
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(2, ModelFamily.Create(checkpoint).Shape.DecoderLayers);
    }

    [Theory]
    [InlineData("model.layers.0.attn.bias", "would be left out", "No key")]
    [InlineData("visual.patch_embed.weight", "would be left out", "No key")]
    [InlineData("model.layers.0.self_attn.k_scale", "would be left out", "No key")]
    [InlineData("model.layers.0.self_attn.q_proj.lora_A.weight", "would be left out", "merge_and_unload")]
    [InlineData("model.layers.2.mlp.up_proj.weight", "'num_hidden_layers' is 2, but tensors of 3 layers are stored, of the last of them 'model.layers.2.mlp.up_proj.weight'")]
    public void What_no_key_explains_may_not(string name, params string[] parts)
    {
        using var scope = NewDisposeScope();
        Write(Llama, [KeyValuePair.Create(name, ones(8))]);
        IsRefused([name, .. parts]);
    }

    [Fact]
    public void Names_of_another_model_are_told()
    {
        using var scope = NewDisposeScope();
        File.WriteAllText(folder.File("config.json"), Llama);
        SafetensorsWriter.Write(folder.File("model.safetensors"), [KeyValuePair.Create("transformer.h.0.attn.c_attn.weight", ones(16, 48))]);
        IsRefused("'num_hidden_layers' is 2, but no layer is stored", "'model.layers.'", "transformer.h.0.attn.c_attn.weight");
    }

    [Fact]
    public void What_an_index_does_not_name_is_not_left_out_either()
    {
        RandomCheckpoint.WriteSharded(folder.Path, With(Llama, """{"attention_bias": true}"""));
        var path = folder.File("model.safetensors.index.json");
        var index = JsonNode.Parse(File.ReadAllText(path))!;
        index["weight_map"]!.AsObject().Remove("model.layers.0.self_attn.o_proj.bias");
        File.WriteAllText(path, index.ToJsonString());
        using (var checkpoint = Checkpoint.Open(folder.Path))
        {
            Assert.Equal(2, ModelFamily.Create(checkpoint).Shape.DecoderLayers);
        }

        File.WriteAllText(folder.File("config.json"), Llama);
        IsRefused("8 tensors", "'attention_bias': true");
    }

    [Theory]
    [InlineData(ScalarType.Float32, ScalarType.Float32, false, false)]
    [InlineData(ScalarType.BFloat16, ScalarType.BFloat16, false, false)]
    [InlineData(ScalarType.BFloat16, ScalarType.Float32, false, false)]
    [InlineData(ScalarType.Float16, ScalarType.Float64, false, false)]
    [InlineData(ScalarType.Float32, ScalarType.Float32, true, true)]
    [InlineData(ScalarType.BFloat16, ScalarType.Float32, true, true)]
    public void A_head_beside_a_tied_embedding_is_used_where_it_differs(ScalarType stored, ScalarType ofHead, bool differs, bool used)
    {
        using var scope = NewDisposeScope();
        var tied = With(Llama, """{"tie_word_embeddings": true}""");
        var head = RandomCheckpoint.Tensors(tied, stored).Single(t => t.Key == "model.embed_tokens.weight").Value.to(ofHead, copy: true);
        head[49, 15] += differs ? 0.5 : 0;
        Write(tied, [KeyValuePair.Create("lm_head.weight", head)], stored);
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(used ? "lm_head.weight" : "model.embed_tokens.weight", ModelFamily.Create(checkpoint).Layers[^1].Weights[^1].Name);
    }

    [Fact]
    public void A_head_of_another_shape_than_a_tied_embedding_is_not_passed_over()
    {
        using var scope = NewDisposeScope();
        Write(With(Llama, """{"tie_word_embeddings": true}"""), [KeyValuePair.Create("lm_head.weight", ones(51, 16))]);
        IsRefused("'lm_head.weight' is [51, 16], but by config.json it must be [50, 16]");
    }

    [Fact]
    public void The_stored_type_is_that_of_most_bytes_of_what_is_used()
    {
        using var scope = NewDisposeScope();
        Write(Llama, [KeyValuePair.Create("model.layers.0.self_attn.rotary_emb.inv_freq", ones(100000)), KeyValuePair.Create("mtp.fc.weight", ones(400, 400))], ScalarType.BFloat16);
        Assert.Equal(ScalarType.BFloat16, StoredType());
        var mixed = RandomCheckpoint.Tensors(Llama, ScalarType.BFloat16)
            .Select(t => KeyValuePair.Create(t.Key, t.Key.Contains("norm", StringComparison.Ordinal) || t.Key == "lm_head.weight" ? t.Value.to(ScalarType.Float32) : t.Value));
        SafetensorsWriter.Write(folder.File("model.safetensors"), [.. mixed]);
        Assert.Equal(ScalarType.BFloat16, StoredType());
        Write(Llama, [], ScalarType.Float64);
        Assert.Equal(ScalarType.Float32, StoredType());

        ScalarType StoredType()
        {
            using var checkpoint = Checkpoint.Open(folder.Path);
            return checkpoint.StoredType(ModelFamily.Create(checkpoint));
        }
    }

    private static string With(string config, string changes)
    {
        var json = JsonNode.Parse(config)!.AsObject();
        foreach (var (key, value) in JsonNode.Parse(changes)!.AsObject())
        {
            json[key] = value?.DeepClone();
        }

        return json.ToJsonString();
    }

    private void Write(string config, IEnumerable<KeyValuePair<string, Tensor>> more, ScalarType type = ScalarType.Float32)
    {
        File.WriteAllText(folder.File("config.json"), config);
        SafetensorsWriter.Write(folder.File("model.safetensors"), [.. RandomCheckpoint.Tensors(config, type), .. more]);
    }

    private void Refused(string stored, string asked, params string[] parts)
    {
        RandomCheckpoint.Write(folder.Path, stored);
        File.WriteAllText(folder.File("config.json"), asked);
        IsRefused(parts);
    }

    private void IsRefused(params string[] parts)
    {
        using var checkpoint = Checkpoint.Open(folder.Path);
        var message = Assert.Throws<CheckpointException>(() => ModelFamily.Create(checkpoint)).Message;
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', message);
    }
}
