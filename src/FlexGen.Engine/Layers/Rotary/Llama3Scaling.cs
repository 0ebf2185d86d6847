using FlexGen.Engine.Models;

namespace FlexGen.Engine.Layers.Rotary;

/// <summary>Long waves are slowed by the factor, short ones kept, those between blended (Llama 3.1's).</summary>
/// <param name="Factor">How much slower the longest waves become.</param>
/// <param name="Low">A wave that turns less often than this within the context is long.</param>
/// <param name="High">One that turns more often is short.</param>
/// <param name="Original">Tokens of the context before.</param>
internal sealed record Llama3Scaling(double Factor, double Low, double High, int Original) : RotaryScaling
{
    public static Llama3Scaling Read(ModelConfig section, int original)
    {
        var scaling = new Llama3Scaling(section.Number("factor"), section.Number("low_freq_factor"), section.Number("high_freq_factor"), original);
        return scaling.High > scaling.Low
            ? scaling
            : throw section.Refused("high_freq_factor", $"is {scaling.High}; it must be above 'low_freq_factor' {scaling.Low}");
    }

    public override float[] Frequencies(double theta, int headDim) => Array.ConvertAll(base.Frequencies(theta, headDim), frequency =>
    {
        var wavelength = 2 * MathF.PI / frequency;
        if (wavelength < Original / High)
        {
            return frequency;
        }

        if (wavelength > Original / Low)
        {
            return frequency / (float)Factor;
        }

        var smooth = ((Original / wavelength) - (float)Low) / (float)(High - Low);
        return ((1 - smooth) * frequency / (float)Factor) + (smooth * frequency);
    });
}
