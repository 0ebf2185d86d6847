using System.Text.Json;
using System.Text.Json.Nodes;
using FlexGen.Engine.Layers;

namespace FlexGen.Engine.Models;

/// <summary>The config.json of published models, for planning and measuring without their weights.</summary>
public static class PublishedShapes
{
    private static readonly Dictionary<string, JsonObject> configs = new(StringComparer.Ordinal)
    {
        ["opt-125m"] = Opt(768, 12, 12),
        ["opt-350m"] = Opt(1024, 24, 16, ("word_embed_proj_dim", 512), ("do_layer_norm_before", false)),
        ["opt-1.3b"] = Opt(2048, 24, 32),
        ["opt-2.7b"] = Opt(2560, 32, 32),
        ["opt-6.7b"] = Opt(4096, 32, 32),
        ["opt-13b"] = Opt(5120, 40, 40),
        ["opt-30b"] = Opt(7168, 48, 56),
        ["opt-66b"] = Opt(9216, 64, 72),
        ["opt-175b"] = Opt(12288, 96, 96),
        ["galactica-30b"] = Opt(7168, 48, 56, ("vocab_size", 50000), ("activation_function", "gelu"),
            ("enable_bias", false), ("layer_norm_elementwise_affine", false)),
        ["llama-2-7b"] = Gated("Llama", 4096, 11008, 32, 32, 32, 32000, 4096),
        ["llama-2-13b"] = Gated("Llama", 5120, 13824, 40, 40, 40, 32000, 4096),
        ["llama-2-70b"] = Gated("Llama", 8192, 28672, 80, 64, 8, 32000, 4096),
        ["llama-3-8b"] = Gated("Llama", 4096, 14336, 32, 32, 8, 128256, 8192, ("rope_theta", 500000)),
        ["llama-3-70b"] = Gated("Llama", 8192, 28672, 80, 64, 8, 128256, 8192, ("rope_theta", 500000)),
        ["mistral-7b"] = Gated("Mistral", 4096, 14336, 32, 32, 8, 32000, 32768, ("sliding_window", 4096)),
        ["qwen2.5-7b"] = Gated("Qwen2", 3584, 18944, 28, 28, 4, 152064, 32768, ("rope_theta", 1000000)),
        ["qwen2.5-32b"] = Gated("Qwen2", 5120, 27648, 64, 40, 8, 152064, 32768, ("rope_theta", 1000000)),
        ["qwen2.5-72b"] = Gated("Qwen2", 8192, 29568, 80, 64, 8, 152064, 32768, ("rope_theta", 1000000)),
        ["qwen3-8b"] = Gated("Qwen3", 4096, 12288, 36, 32, 8, 151936, 40960, ("head_dim", 128), ("rope_theta", 1000000)),
        ["qwen3-32b"] = Gated("Qwen3", 5120, 25600, 64, 64, 8, 151936, 40960, ("head_dim", 128), ("rope_theta", 1000000)),
    };

    /// <summary>Their names, such as opt-6.7b.</summary>
    public static IReadOnlyCollection<string> Names => configs.Keys;

    /// <summary>Smaller ones of a name's family, such as opt or llama-2, the largest first.</summary>
    public static IEnumerable<string> Smaller(string name)
    {
        var family = name[..(name.LastIndexOf('-') + 1)];
        return Names.TakeWhile(n => n != name).Where(n => n.StartsWith(family, StringComparison.Ordinal)).Reverse();
    }

    /// <summary>The model of a name.</summary>
    /// <exception cref="CheckpointException">There is none of this name.</exception>
    public static Model Create(string name)
    {
        if (!configs.TryGetValue(name, out var config))
        {
            throw new CheckpointException($"Shape '{name}' is not known; known are {string.Join(", ", Names)}");
        }

        return Create(name, config);
    }

    /// <summary>A model so small that its layers' operations take no time, but for what each takes however small it is.</summary>
    /// <param name="kind">opt or llama.</param>
    /// <param name="layers">Its decoder layers.</param>
    internal static Model Tiny(string kind, int layers) => Create($"tiny {kind}", kind == "opt"
        ? Opt(64, layers, 2, ("vocab_size", 512))
        : Gated("Llama", 64, 192, layers, 2, 2, 512, 2048));

    private static Model Create(string name, JsonObject config)
    {
        var model = ModelFamily.Create(config.Deserialize<JsonElement>(), _ => true);
        return model with { Shape = model.Shape with { Name = name } };
    }

    private static JsonObject Opt(int hidden, int layers, int heads, params (string Key, JsonNode Value)[] others) => Config("OPT", others, new()
    {
        ["hidden_size"] = hidden,
        ["num_hidden_layers"] = layers,
        ["num_attention_heads"] = heads,
        ["ffn_dim"] = 4 * hidden,
        ["vocab_size"] = 50272,
        ["max_position_embeddings"] = 2048,
    });

    private static JsonObject Gated(
        string family, int hidden, int feedForward, int layers, int heads, int kvHeads, int vocabulary, int context,
        params (string Key, JsonNode Value)[] others) =>
        Config(family, others, new()
        {
            ["hidden_size"] = hidden,
            ["intermediate_size"] = feedForward,
            ["num_hidden_layers"] = layers,
            ["num_attention_heads"] = heads,
            ["num_key_value_heads"] = kvHeads,
            ["vocab_size"] = vocabulary,
            ["max_position_embeddings"] = context,
            ["tie_word_embeddings"] = false,
        });

    private static JsonObject Config(string family, (string Key, JsonNode Value)[] others, JsonObject config)
    {
        config["architectures"] = new JsonArray($"{family}ForCausalLM");
        foreach (var (key, value) in others)
        {
            config[key] = value;
        }

        return config;
    }
}
