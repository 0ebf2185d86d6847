using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Tensors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Layers.Rotary;

/// <summary>
/// Rotary position embedding (Su et al., arXiv 2104.09864) in the layout of Hugging Face's checkpoints: element d turns with
/// element d + headDim / 2.
/// </summary>
/// <param name="settings">How fast each element turns.</param>
/// <param name="headDim">Elements of a head.</param>
internal sealed class RotaryEmbedding(RotarySettings settings, int headDim)
{
    private float[]? frequencies;

    /// <summary>Tokens that a stretched embedding is made for; null where config.json's own number is all there is.</summary>
    public int? Context => settings.Scaling.Context;

    /// <summary>Turns query and key, [tokens, heads, headDim], in their places, to the positions of the pass.</summary>
    /// <param name="query">Contiguous.</param>
    /// <param name="key">Contiguous.</param>
    /// <param name="norms">The weights of norms that each head has before, [headDim], and their epsilon; null: none.</param>
    /// <param name="context">What belongs to this pass.</param>
    public void Forward(Tensor query, Tensor key, (Tensor Query, Tensor Key, double Eps)? norms, ForwardContext context)
    {
        var (cos, sin) = context.Rotary ??= CosSin(context, query.dtype);
        if (context.Rows is { } kernels)
        {
            kernels.Turn(query, key, (cos, sin), norms);
            return;
        }

        if (norms is { } weights)
        {
            RmsNorm.InPlace(query, weights.Query, weights.Eps);
            RmsNorm.InPlace(key, weights.Key, weights.Eps);
        }

        HostElementwise.Turn(query, cos, sin);
        HostElementwise.Turn(key, cos, sin);
    }

    /// <summary>
    /// Each [tokens, 1, headDim], in no dispose scope. Rolled by half a head, x lies as its turn needs it but for the sign, which the sine takes.
    /// </summary>
    private (Tensor Cos, Tensor Sin) CosSin(ForwardContext context, ScalarType type)
    {
        // In float32: bfloat16 cannot even tell position 257 from 256.
        frequencies ??= settings.Scaling.Frequencies(settings.Theta, headDim);
        context.RotaryFrequencies ??= tensor(frequencies).Upload(context.Positions.device);
        var angles = context.Positions.to(ScalarType.Float32).view(-1, 1, 1) * context.RotaryFrequencies;
        var (cos, sin) = (Scaled(angles.cos()), Scaled(angles.sin()));
        return (cat([cos, cos], -1).to(type).DetachFromDisposeScope(), cat([-sin, sin], -1).to(type).DetachFromDisposeScope());

        Tensor Scaled(Tensor x) => settings.Scaling.AttentionFactor is var factor and not 1 ? x.mul_(factor) : x;
    }
}
