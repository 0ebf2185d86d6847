using FlexGen.Engine.Models;

namespace FlexGen.Engine.Layers.Rotary;

/// <summary>Every position counts as one that is nearer by the factor.</summary>
internal sealed record LinearScaling(double Factor) : RotaryScaling
{
    public static LinearScaling Read(ModelConfig section) => new(section.Number("factor"));

    public override float[] Frequencies(double theta, int headDim) => Array.ConvertAll(base.Frequencies(theta, headDim), f => f / (float)Factor);
}
