using static TorchSharp.torch;

namespace FlexGen.Engine.Layers.Rotary;

/// <summary>How a model's rotary embedding was stretched beyond the context that it was first trained with; this one was not.</summary>
internal record RotaryScaling
{
    /// <summary>What cosine and sine are multiplied by, and so every score by its square.</summary>
    public virtual double AttentionFactor => 1;

    /// <summary>Tokens that the stretched embedding is made for; null: config.json's own number is all there is.</summary>
    public virtual int? Context => null;

    /// <summary>[headDim / 2], radians per position, computed in float32 as the models were trained with.</summary>
    public virtual float[] Frequencies(double theta, int headDim)
    {
        using var scope = NewDisposeScope();
        return Periods(theta, headDim).reciprocal().data<float>().ToArray();
    }

    /// <summary>theta^(2d / headDim), [headDim / 2]: positions per radian.</summary>
    private protected static Tensor Periods(double theta, int headDim) =>
        tensor((float)theta).pow(arange(0, headDim, 2).to(ScalarType.Float32) / headDim);
}
