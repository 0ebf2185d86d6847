using FlexGen.Engine.Layers.Rotary;
using FlexGen.Engine.Models;

namespace FlexGen.Engine.Layers.Llama;

/// <summary>What config.json says of a model built like Llama, and in what its family differs.</summary>
internal sealed record LlamaOptions
{
    public required string Prefix { get; init; }

    public required int Layers { get; init; }

    public required int Hidden { get; init; }

    public required int FeedForward { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadDim { get; init; }

    public required int Vocabulary { get; init; }

    public required int Context { get; init; }

    public required double NormEps { get; init; }

    public required bool TiedHead { get; init; }

    public required RotaryEmbedding Rotary { get; init; }

    public bool QueryKeyValueBias { get; init; }

    public bool OutputBias { get; init; }

    public bool FeedForwardBias { get; init; }

    /// <summary>Whether each query and key head is normalised before it is rotated.</summary>
    public bool HeadNorm { get; init; }

    /// <summary>The window of each layer; null where it sees everything.</summary>
    public Func<int, int?> Window { get; init; } = _ => null;

    /// <param name="config">config.json.</param>
    /// <param name="stored">What the checkpoint holds.</param>
    /// <param name="headDim">The family's head width where config.json gives none; null: hidden / heads.</param>
    public static LlamaOptions Read(ModelConfig config, StoredTensors stored, int? headDim = null)
    {
        var (hidden, heads) = (config.Count("hidden_size"), config.Count("num_attention_heads"));
        var kvHeads = config.OptionalCount("num_key_value_heads") ?? heads;
        if (heads % kvHeads != 0)
        {
            throw config.Refused("num_key_value_heads", $"is {kvHeads}, which does not divide 'num_attention_heads' {heads}");
        }

        if (config.Text("hidden_act", "silu") is var activation and not "silu")
        {
            throw config.Refused("hidden_act", $"is '{activation}'; silu is supported");
        }

        headDim = config.OptionalCount("head_dim") ?? headDim;
        if (headDim is null && hidden % heads != 0)
        {
            throw config.Refused("hidden_size", $"is {hidden}, which 'num_attention_heads' {heads} does not divide, and there is no 'head_dim'");
        }

        headDim ??= hidden / heads;
        if (headDim % 2 != 0)
        {
            throw config.Refused("head_dim", $"is {headDim}, but heads that rotate need an even width");
        }

        var rotary = new RotaryEmbedding(RotarySettings.Read(config), headDim.Value);
        var prefix = stored.Prefix("embed_tokens.weight", "model.", "");
        return new()
        {
            Prefix = prefix,
            Layers = stored.Layers(config, prefix),
            Hidden = hidden,
            FeedForward = config.Count("intermediate_size"),
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim.Value,
            Vocabulary = config.Count("vocab_size"),
            Context = Math.Max(config.Count("max_position_embeddings"), rotary.Context ?? 0),
            NormEps = config.Number("rms_norm_eps", 1e-6),
            TiedHead = stored.TiedHead(config, false, $"{prefix}embed_tokens.weight"),
            Rotary = rotary,
        };
    }
}
