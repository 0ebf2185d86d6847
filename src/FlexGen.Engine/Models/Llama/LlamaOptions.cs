namespace FlexGen.Engine.Models.Llama;

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
    /// <param name="prefix">Of the decoder's tensors.</param>
    /// <param name="headDim">The family's head width where config.json gives none; null: hidden / heads.</param>
    public static LlamaOptions Read(ModelConfig config, string prefix, int? headDim = null)
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
        return new()
        {
            Prefix = prefix,
            Layers = config.Count("num_hidden_layers"),
            Hidden = hidden,
            FeedForward = config.Count("intermediate_size"),
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim.Value,
            Vocabulary = config.Count("vocab_size"),
            Context = config.Count("max_position_embeddings"),
            NormEps = config.Number("rms_norm_eps", 1e-6),
            TiedHead = config.Flag("tie_word_embeddings", false),
            Rotary = new(RotaryFrequencies.Read(config, headDim.Value)),
        };
    }
}
