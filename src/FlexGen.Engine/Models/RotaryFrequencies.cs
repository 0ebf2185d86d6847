using static TorchSharp.torch;

namespace FlexGen.Engine.Models;

/// <summary>The frequencies that config.json asks for, computed in float32 as the models were trained with.</summary>
internal static class RotaryFrequencies
{
    private const double DefaultTheta = 10000;

    /// <summary>[headDim / 2], radians per position.</summary>
    public static float[] Read(ModelConfig config, int headDim)
    {
        if (headDim % 2 != 0)
        {
            throw config.Refused("head_dim", $"is {headDim}, but heads that rotate need an even width");
        }

        // transformers 5 writes 'rope_parameters'; before, 'rope_theta' stood beside 'rope_scaling', whose type was at first 'type'.
        var scaling = config.Section("rope_parameters") ?? config.Section("rope_scaling");
        var theta = (scaling?.Declares("rope_theta") == true ? scaling : config).Number("rope_theta", DefaultTheta);
        foreach (var section in (ModelConfig?[])[config, scaling])
        {
            if (section?.Number("partial_rotary_factor", 1) is { } part and not 1)
            {
                throw section.Refused("partial_rotary_factor", $"is {part}; only heads that rotate whole are supported");
            }
        }

        var plain = Plain(theta, headDim);
        return (scaling?.Text("rope_type", scaling.Text("type", "default")) ?? "default") switch
        {
            "default" => plain,
            "linear" => Linear(plain, (float)scaling!.Number("factor")),
            "llama3" => Llama3(plain, scaling!),
            var other => throw scaling!.Refused("rope_type", $"is '{other}'; supported are default, linear and llama3"),
        };
    }

    private static float[] Plain(double theta, int headDim)
    {
        using var scope = NewDisposeScope();
        var exponents = arange(0, headDim, 2).to(ScalarType.Float32) / headDim;
        return tensor((float)theta).pow(exponents).reciprocal().data<float>().ToArray();
    }

    private static float[] Linear(float[] frequencies, float factor) => Array.ConvertAll(frequencies, f => f / factor);

    /// <summary>Long waves are slowed by the factor, short ones kept, those between blended (Llama 3.1's).</summary>
    private static float[] Llama3(float[] frequencies, ModelConfig scaling)
    {
        var (factor, low, high) = ((float)scaling.Number("factor"), scaling.Number("low_freq_factor"), scaling.Number("high_freq_factor"));
        var context = scaling.Count("original_max_position_embeddings");
        if (high <= low)
        {
            throw scaling.Refused("high_freq_factor", $"is {high}; it must be above 'low_freq_factor' {low}");
        }

        return Array.ConvertAll(frequencies, frequency =>
        {
            var wavelength = 2 * MathF.PI / frequency;
            if (wavelength < context / high)
            {
                return frequency;
            }

            if (wavelength > context / low)
            {
                return frequency / factor;
            }

            var smooth = ((context / wavelength) - (float)low) / (float)(high - low);
            return ((1 - smooth) * frequency / factor) + (smooth * frequency);
        });
    }
}
