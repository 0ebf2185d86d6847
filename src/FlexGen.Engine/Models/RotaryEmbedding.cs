using static TorchSharp.torch;

namespace FlexGen.Engine.Models;

/// <summary>
/// Rotary position embedding (Su et al., arXiv 2104.09864) in the layout of Hugging Face's checkpoints: element d turns with
/// element d + headDim / 2.
/// </summary>
/// <param name="inverseFrequencies">[headDim / 2], radians per position.</param>
internal sealed class RotaryEmbedding(float[] inverseFrequencies)
{
    /// <summary>Turns query and key, [tokens, heads, headDim], to the positions of the pass.</summary>
    public (Tensor Query, Tensor Key) Forward(Tensor query, Tensor key, ForwardContext context)
    {
        var (cos, sin) = context.Rotary ??= CosSin(context, query.dtype);
        return (Rotate(query), Rotate(key));

        Tensor Rotate(Tensor x) => context.Freeing(() => (x * cos).addcmul_(x.roll(inverseFrequencies.Length, -1), sin, 1));
    }

    /// <summary>Each [tokens, 1, headDim], in no dispose scope. Rolled by half a head, x lies as its turn needs it but for the sign, which the sine takes.</summary>
    private (Tensor Cos, Tensor Sin) CosSin(ForwardContext context, ScalarType type)
    {
        // In float32: bfloat16 cannot even tell position 257 from 256.
        context.RotaryFrequencies ??= tensor(inverseFrequencies).to(context.Positions.device).DetachFromDisposeScope();
        var angles = context.Positions.to(ScalarType.Float32).view(-1, 1, 1) * context.RotaryFrequencies;
        var (cos, sin) = (angles.cos(), angles.sin());
        return (cat([cos, cos], -1).to(type).DetachFromDisposeScope(), cat([-sin, sin], -1).to(type).DetachFromDisposeScope());
    }
}
