using System.Text.Json;
using System.Text.Json.Nodes;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Models;

namespace FlexGen.Engine.Tests.Models;

public class ModelFamilyTests
{
    private const string Llama = """
        {"architectures": ["LlamaForCausalLM"], "vocab_size": 50, "hidden_size": 24, "num_hidden_layers": 3, "intermediate_size": 40,
         "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64, "rms_norm_eps": 1e-5}
        """;

    [Theory]
    [InlineData("""{"architectures": ["BloomForCausalLM"]}""", "architecture BloomForCausalLM")]
    [InlineData("""{"architectures": null, "model_type": "bloom"}""", "model_type 'bloom'")]
    [InlineData("{}", "model_type ''")]
    public void An_unsupported_architecture_is_refused_with_those_that_are_supported(string config, string found) => Refused(
        config, found, "supported are LlamaForCausalLM, MistralForCausalLM, OPTForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM");

    [Theory]
    [InlineData("vocab_size", null, "'vocab_size' is missing", "integer above 0")]
    [InlineData("hidden_size", "\"big\"", "'hidden_size' is \"big\"", "integer above 0")]
    [InlineData("hidden_size", "24.5", "'hidden_size' is 24.5")]
    [InlineData("num_hidden_layers", "0", "'num_hidden_layers' is 0")]
    [InlineData("num_hidden_layers", "1e99", "'num_hidden_layers' is 1e99")]
    [InlineData("rms_norm_eps", "-1", "'rms_norm_eps' is -1", "number above 0")]
    [InlineData("tie_word_embeddings", "1", "'tie_word_embeddings' is 1", "true or false")]
    [InlineData("hidden_act", "\"mish\"", "'mish'", "silu is supported")]
    [InlineData("architectures", "\"LlamaForCausalLM\"", "list of strings")]
    [InlineData("hidden_size", "26", "26", "'num_attention_heads' 4 does not divide")]
    [InlineData("num_key_value_heads", "3", "3, which does not divide")]
    [InlineData("head_dim", "7", "even")]
    [InlineData("rope_scaling", "[]", "'rope_scaling' is []", "an object")]
    [InlineData("partial_rotary_factor", "0.5", "partial_rotary_factor")]
    [InlineData("quantization_config", "{}", "quantised")]
    public void A_wrong_value_is_refused_by_name(string key, string? value, params string[] parts) => Refused(With(Llama, key, value), parts);

    [Theory]
    [InlineData("layer_types", """["full_attention"]""", "has 1 entries", "3")]
    [InlineData("layer_types", """["full_attention", "full_attention", "linear_attention"]""", "linear_attention")]
    [InlineData("layer_types", """["full_attention", "full_attention", "sliding_attention"]""", "use_sliding_window")]
    public void Layer_types_that_do_not_fit_are_refused(string key, string value, params string[] parts) =>
        Refused(With(Qwen2, key, value), parts);

    [Fact]
    public void Opt_heads_that_do_not_divide_its_width_are_refused() =>
        Refused(With(RandomCheckpoint.Opt, "num_attention_heads", "3"), "'hidden_size' is 16", "3 does not divide");

    [Fact]
    public void Opt_with_another_activation_is_refused() =>
        Refused(With(RandomCheckpoint.Opt, "activation_function", "\"mish\""), "'activation_function' is 'mish'", "relu and gelu");

    [Theory]
    [InlineData("OPTForCausalLM", null, "model.decoder.embed_tokens.weight")]
    [InlineData("OPTForCausalLM", "false", "lm_head.weight")]
    [InlineData("LlamaForCausalLM", null, "lm_head.weight")]
    [InlineData("LlamaForCausalLM", "true", "model.embed_tokens.weight")]
    [InlineData("MistralForCausalLM", null, "lm_head.weight")]
    [InlineData("Qwen2ForCausalLM", null, "lm_head.weight")]
    [InlineData("Qwen3ForCausalLM", "true", "model.embed_tokens.weight")]
    public void The_head_is_tied_where_the_config_or_else_the_family_says_so(string architecture, string? tied, string expected)
    {
        var config = With(architecture.StartsWith("OPT", StringComparison.Ordinal) ? RandomCheckpoint.Opt : Llama, "architectures", $"[\"{architecture}\"]");
        config = tied is null ? config : With(config, "tie_word_embeddings", tied);
        Assert.Equal(expected, Create(config).Layers[^1].Weights[^1].Name);
    }

    [Fact]
    public void The_model_type_stands_in_where_no_architecture_is_named() =>
        Assert.Equal("Mistral", Create(With(With(Llama, "architectures", null), "model_type", "\"mistral\"")).Shape.Name);

    [Fact]
    public void The_shape_is_the_configs() =>
        Assert.Equal(new("Llama", 3, 24, 4, 2, 10, 50, 64), Create(With(Llama, "head_dim", "10")).Shape);

    [Theory]
    [InlineData("""{"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}""", 256)]
    [InlineData("""{"type": "yarn", "factor": 2.5, "original_max_position_embeddings": 16}""", 64)]
    [InlineData("""{"type": "linear", "factor": 4.0}""", 64)]
    public void With_yarn_the_context_is_the_one_that_it_reaches(string scaling, int context) =>
        Assert.Equal(context, Create(With(Llama, "rope_scaling", scaling)).Shape.ContextLength);

    private static string Qwen2 => With(Llama, "architectures", """["Qwen2ForCausalLM"]""");

    private static Model Create(string config) => ModelFamily.Create(RandomCheckpoint.Json(config), _ => true);

    private static string With(string config, string key, string? value)
    {
        var json = JsonNode.Parse(config)!.AsObject();
        json.Remove(key);
        if (value is not null)
        {
            json.Add(key, JsonNode.Parse(value));
        }

        return json.ToJsonString(JsonSerializerOptions.Default);
    }

    private static void Refused(string config, params string[] parts)
    {
        var message = Assert.Throws<CheckpointException>(() => Create(config)).Message;
        Assert.StartsWith("config.json: ", message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }
}
