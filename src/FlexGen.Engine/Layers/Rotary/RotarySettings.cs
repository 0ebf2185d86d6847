using FlexGen.Engine.Models;

namespace FlexGen.Engine.Layers.Rotary;

/// <summary>What config.json says of the rotary embedding.</summary>
/// <param name="Theta">The base of the wavelengths.</param>
/// <param name="Scaling">How they were stretched.</param>
internal sealed record RotarySettings(double Theta, RotaryScaling Scaling)
{
    private const double DefaultTheta = 10000;
    private const string Supported = "default, linear, llama3 and yarn";
    private const string Original = "original_max_position_embeddings";

    /// <summary>The keys of every kind, and those that only some know.</summary>
    private static readonly string[] common = ["rope_type", "type", "rope_theta", "partial_rotary_factor"];
    private static readonly Dictionary<string, string[]> kinds = new(StringComparer.Ordinal)
    {
        ["default"] = [],
        ["linear"] = ["factor"],
        ["llama3"] = ["factor", "low_freq_factor", "high_freq_factor", Original],
        ["yarn"] = YarnScaling.Keys,
    };

    /// <summary>
    /// transformers 5 writes 'rope_parameters'; before, 'rope_theta' stood beside 'rope_scaling', whose type was at first 'type'. An object
    /// without anything in it says nothing; places that say different things are refused, as is every key that is not understood.
    /// </summary>
    /// <exception cref="CheckpointException">They contradict each other, or one is not understood.</exception>
    public static RotarySettings Read(ModelConfig config)
    {
        var sections = new[] { config.Section("rope_parameters"), config.Section("rope_scaling") }.OfType<ModelConfig>().Where(s => s.Keys.Any()).ToList();
        foreach (var section in sections.Prepend(config))
        {
            if (section.Number("partial_rotary_factor", 1) is var part and not 1)
            {
                throw section.Refused("partial_rotary_factor", $"is {part}; only heads that rotate whole are supported");
            }
        }

        var scalings = sections.ConvertAll(s => ReadScaling(s, config));
        if (scalings.Distinct().Count() > 1)
        {
            throw config.Refused(
                "rope_scaling", "asks for another rotary embedding than 'rope_parameters'; put what is meant into 'rope_parameters' and remove 'rope_scaling'");
        }

        var scaling = scalings.FirstOrDefault() ?? new();
        var places = sections.Append(config).ToList();
        var theta = One(places, "rope_theta", s => s.Number("rope_theta"));
        if (theta is null && places.Find(s => s.Declares("rope_theta")) is { } empty)
        {
            throw empty.Refused("rope_theta", "is null, and no other place says what it is; write the base that the model was trained with");
        }

        return (theta ?? DefaultTheta) is var waves and > 1 ? new(waves, scaling) : throw config.Refused("rope_theta", $"is {theta}; it must be above 1");
    }

    private static RotaryScaling ReadScaling(ModelConfig section, ModelConfig config)
    {
        if (section.Keys.FirstOrDefault(section.HasObject) is { } nested)
        {
            throw section.Refused(nested, "is an object; a rotary embedding for each kind of layer is not supported, only one for all layers");
        }

        var kind = Kind(section);
        var own = kinds.TryGetValue(kind.Value, out var keys)
            ? keys
            : throw section.Refused(kind.Key, $"is '{kind.Value}'; supported are {Supported}");
        if (section.Keys.Except([.. common, .. own]).FirstOrDefault() is { } odd)
        {
            throw section.Refused(odd, $"is not a key of the rotary embedding '{kind.Value}'; its keys are {string.Join(", ", common.Concat(own))}");
        }

        return kind.Value switch
        {
            "linear" => LinearScaling.Read(section),
            "llama3" => Llama3Scaling.Read(section, OriginalContext(section, config)),
            "yarn" => YarnScaling.Read(section, OriginalContext(section, config), config.Count("max_position_embeddings")),
            _ => new(),
        };
    }

    private static (string Key, string Value) Kind(ModelConfig section)
    {
        var key = section.Has("rope_type") || !section.Has("type") ? "rope_type" : "type";
        var kind = section.Text(key, "default");
        if (!section.Has(key) && section.Keys.Except(common).FirstOrDefault() is { } scaling)
        {
            throw section.Refused("rope_type", $"is missing, but '{scaling}' is there, which has a meaning only with one; supported are {Supported}");
        }

        return section.Text("type", kind) is var older && older == kind
            ? (key, kind)
            : throw section.Refused("type", $"is '{older}', but 'rope_type' is '{kind}'; keep one of them");
    }

    /// <summary>As transformers has it: the context is the original one where none is given.</summary>
    private static int OriginalContext(ModelConfig section, ModelConfig config) =>
        One([section, config], Original, s => s.Count(Original)) ?? config.Count("max_position_embeddings");

    /// <summary>The value of a key that may be in several places, if it is in any.</summary>
    private static T? One<T>(IReadOnlyList<ModelConfig> places, string key, Func<ModelConfig, T> read)
        where T : struct, IEquatable<T>
    {
        T? found = null;
        foreach (var place in places.Where(p => p.Has(key)))
        {
            var value = read(place);
            found = found is null || found.Value.Equals(value)
                ? value
                : throw place.Refused(key, $"is {value}, but {found} in another place of config.json; keep one of them");
        }

        return found;
    }
}
