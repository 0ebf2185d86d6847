using FlexGen.Engine.Models;
using static TorchSharp.torch;

namespace FlexGen.Engine.Layers.Rotary;

/// <summary>
/// YaRN (Peng et al., arXiv 2309.00071): waves that turn often within the original context are kept, those that hardly turn are slowed by
/// the factor, a ramp over the dimensions lies between, and attention is sharpened.
/// </summary>
/// <param name="Factor">How much further the context is to reach.</param>
/// <param name="Original">Tokens of the context before.</param>
/// <param name="Fast">Turns within it from which a wave is kept.</param>
/// <param name="Slow">Turns up to which it is slowed in full.</param>
/// <param name="Truncate">Whether the ramp begins and ends at whole dimensions.</param>
/// <param name="Attention">What cosine and sine are multiplied by.</param>
internal sealed record YarnScaling(double Factor, int Original, double Fast, double Slow, bool Truncate, double Attention) : RotaryScaling
{
    /// <summary>The keys that say how, beside those of every scaling. 'finetuned' tells only how the checkpoint came to be.</summary>
    public static readonly string[] Keys =
        ["factor", "original_max_position_embeddings", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate", "finetuned"];

    public override double AttentionFactor => Attention;

    public override int? Context => (int)(Factor * Original);

    /// <param name="section">The object that asks for it.</param>
    /// <param name="original">Tokens of the original context.</param>
    /// <param name="context">What config.json gives as the context, which a factor of null is taken from.</param>
    public static YarnScaling Read(ModelConfig section, int original, int context)
    {
        var factor = section.Number("factor", section.Declares("factor") ? (double)context / original : null);
        if (factor * original > int.MaxValue)
        {
            throw section.Refused("factor", $"is {factor}, which stretches {original} tokens beyond what can be counted");
        }

        var (fast, slow) = (section.Number("beta_fast", 32), section.Number("beta_slow", 1));
        if (fast < slow)
        {
            throw section.Refused("beta_fast", $"is {fast}; it must not be below 'beta_slow' {slow}");
        }

        return new(factor, original, fast, slow, section.Flag("truncate", true), section.Number("attention_factor", DefaultAttention(section, factor)));
    }

    public override float[] Frequencies(double theta, int headDim)
    {
        using var scope = NewDisposeScope();
        var periods = Periods(theta, headDim);
        var (first, last) = (Math.Max(Bound(Fast, Math.Floor), 0), Math.Min(Bound(Slow, Math.Ceiling), headDim - 1));
        var span = first == last ? 0.001 : last - first;
        var kept = 1 - ((arange(headDim / 2).to(ScalarType.Float32) - first) / span).clamp(0, 1);
        return (((Factor * periods).reciprocal() * (1 - kept)) + (periods.reciprocal() * kept)).data<float>().ToArray();

        // The dimension whose wave turns so often within the original context.
        double Bound(double turns, Func<double, double> whole)
        {
            var dimension = headDim * Math.Log(Original / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
            return Truncate ? whole(dimension) : dimension;
        }
    }

    private static double DefaultAttention(ModelConfig section, double factor)
    {
        return section.Has("mscale") && section.Has("mscale_all_dim")
            ? Sharpening(section.Number("mscale")) / Sharpening(section.Number("mscale_all_dim"))
            : Sharpening(1);

        double Sharpening(double scale) => factor <= 1 ? 1 : (0.1 * scale * Math.Log(factor)) + 1;
    }
}
