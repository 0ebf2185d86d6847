using System.Text.Json;
using System.Text.Json.Nodes;
using FlexGen.Demo.Tokenization;

namespace FlexGen.Demo.Network;

/// <summary>The demo model's config.json and initial weights.</summary>
internal static class DemoConfig
{
    private const int Layers = 4;
    private const int Hidden = 256;

    public static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public static JsonObject Create(int vocabularySize) => new()
    {
        ["activation_function"] = "relu",
        ["architectures"] = new JsonArray("OPTForCausalLM"),
        ["bos_token_id"] = TokenizerFiles.EndOfSequence,
        ["do_layer_norm_before"] = true,
        ["dropout"] = 0.0,
        ["eos_token_id"] = TokenizerFiles.EndOfSequence,
        ["ffn_dim"] = 4 * Hidden,
        ["hidden_size"] = Hidden,
        ["max_position_embeddings"] = 320,
        ["model_type"] = "opt",
        ["num_attention_heads"] = 8,
        ["num_hidden_layers"] = Layers,
        ["pad_token_id"] = TokenizerFiles.Padding,
        ["tie_word_embeddings"] = true,
        ["torch_dtype"] = "float16",
        ["vocab_size"] = vocabularySize,
        ["word_embed_proj_dim"] = Hidden,
    };

    /// <summary>Standard deviation of a matrix's initial entries: small where layers add up to the residual stream.</summary>
    public static double InitialDeviation(string name, long inputs)
    {
        var linear = 1 / Math.Sqrt(3.0 * inputs);
        return name.Contains("embed_", StringComparison.Ordinal) ? 0.02
            : name.Contains("out_proj", StringComparison.Ordinal) || name.Contains("fc2", StringComparison.Ordinal) ? linear / Math.Sqrt(2 * Layers)
            : linear;
    }
}
