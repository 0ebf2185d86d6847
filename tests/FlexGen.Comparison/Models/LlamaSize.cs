namespace FlexGen.Comparison.Models;

/// <summary>The numbers of a Llama.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="Hidden">Width.</param>
/// <param name="Layers">Depth.</param>
/// <param name="Heads">Of queries.</param>
/// <param name="KvHeads">Of keys and values.</param>
/// <param name="Feedforward">Width of the feed-forward network.</param>
/// <param name="Vocabulary">Tokens.</param>
internal sealed record LlamaSize(string Name, int Hidden, int Layers, int Heads, int KvHeads, int Feedforward, int Vocabulary)
{
    public const int Context = 2048;
    public const double RotaryBase = 10_000;
    public const double NormEpsilon = 1e-5;

    public static readonly LlamaSize Tiny = new("tiny", 256, 4, 4, 2, 704, 2000);

    /// <summary>853 million parameters.</summary>
    public static readonly LlamaSize Small = new("853m", 2048, 16, 32, 8, 5632, 32_000);

    /// <summary>1.84 billion parameters: 3.7 GB in bfloat16.</summary>
    public static readonly LlamaSize Large = new("1.84b", 2560, 24, 40, 8, 7040, 32_000);

    public int HeadDim => Hidden / Heads;

    public long Parameters => Weights().Sum(w => w.Shape.Aggregate(1L, (a, b) => a * b));

    /// <summary>All weights in the order in which they are made.</summary>
    public IEnumerable<LlamaWeight> Weights()
    {
        yield return new("model.embed_tokens.weight", "token_embd.weight", [Vocabulary, Hidden]);
        for (var layer = 0; layer < Layers; layer++)
        {
            var (name, other) = ($"model.layers.{layer}", $"blk.{layer}");
            yield return new($"{name}.input_layernorm.weight", $"{other}.attn_norm.weight", [Hidden]);
            yield return new($"{name}.self_attn.q_proj.weight", $"{other}.attn_q.weight", [Heads * HeadDim, Hidden], PairsOfHeads: Heads);
            yield return new($"{name}.self_attn.k_proj.weight", $"{other}.attn_k.weight", [KvHeads * HeadDim, Hidden], PairsOfHeads: KvHeads);
            yield return new($"{name}.self_attn.v_proj.weight", $"{other}.attn_v.weight", [KvHeads * HeadDim, Hidden]);
            yield return new($"{name}.self_attn.o_proj.weight", $"{other}.attn_output.weight", [Hidden, Heads * HeadDim]);
            yield return new($"{name}.post_attention_layernorm.weight", $"{other}.ffn_norm.weight", [Hidden]);
            yield return new($"{name}.mlp.gate_proj.weight", $"{other}.ffn_gate.weight", [Feedforward, Hidden]);
            yield return new($"{name}.mlp.up_proj.weight", $"{other}.ffn_up.weight", [Feedforward, Hidden]);
            yield return new($"{name}.mlp.down_proj.weight", $"{other}.ffn_down.weight", [Hidden, Feedforward]);
        }

        yield return new("model.norm.weight", "output_norm.weight", [Hidden]);
        yield return new("lm_head.weight", "output.weight", [Vocabulary, Hidden]);
    }
}
