using FlexGen.Engine.Models;
using static TorchSharp.torch;

namespace FlexGen.Engine.Layers.Opt;

/// <summary>What config.json says of an OPT model.</summary>
internal sealed record OptOptions
{
    public required string Prefix { get; init; }

    public required int Layers { get; init; }

    public required int Hidden { get; init; }

    /// <summary>Width of the token embedding, which differs from the hidden states' in OPT-350m.</summary>
    public required int Embedding { get; init; }

    public required int FeedForward { get; init; }

    public required int Heads { get; init; }

    public required int Vocabulary { get; init; }

    public required int Context { get; init; }

    public required bool NormBefore { get; init; }

    public required bool FinalNorm { get; init; }

    public required bool NormAffine { get; init; }

    public required bool Bias { get; init; }

    public required bool TiedHead { get; init; }

    public required Func<Tensor, Tensor> Activation { get; init; }

    public static OptOptions Read(ModelConfig config, StoredTensors stored)
    {
        var (hidden, heads) = (config.Count("hidden_size"), config.Count("num_attention_heads"));
        if (hidden % heads != 0)
        {
            throw config.Refused("hidden_size", $"is {hidden}, which 'num_attention_heads' {heads} does not divide");
        }

        var normBefore = config.Flag("do_layer_norm_before", true);
        var prefix = stored.Prefix("embed_tokens.weight", "model.decoder.", "decoder.", "");
        return new()
        {
            Prefix = prefix,
            Layers = stored.Layers(config, prefix),
            Hidden = hidden,
            Embedding = config.OptionalCount("word_embed_proj_dim") ?? hidden,
            FeedForward = config.Count("ffn_dim"),
            Heads = heads,
            Vocabulary = config.Count("vocab_size"),
            Context = config.Count("max_position_embeddings"),
            NormBefore = normBefore,
            FinalNorm = normBefore && !config.Flag("_remove_final_layer_norm", false),
            NormAffine = config.Flag("layer_norm_elementwise_affine", true),
            Bias = config.Flag("enable_bias", true),
            TiedHead = stored.TiedHead(config, true, $"{prefix}embed_tokens.weight"),
            Activation = config.Text("activation_function", "relu") switch
            {
                "relu" => x => nn.functional.relu(x, inplace: true),
                "gelu" => x => nn.functional.gelu(x, inplace: true),
                var name => throw config.Refused("activation_function", $"is '{name}'; supported are relu and gelu"),
            },
        };
    }
}
