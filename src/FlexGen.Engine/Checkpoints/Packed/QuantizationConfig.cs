using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlexGen.Engine.Checkpoints.Packed;

/// <summary>What a checkpoint says of how its linear layers' weights are stored in 4 bits.</summary>
/// <param name="Method">Whose layout it is.</param>
/// <param name="Group">Elements of a row that share a scale and a zero; null: all of a row.</param>
/// <param name="ZerosAreLessOne">Whether zeros are stored less 1, as GPTQ's first version does.</param>
/// <param name="IsSymmetric">Whether it says that the zero is in the middle.</param>
/// <param name="IsByActivation">Whether it says that columns were quantised in another order than that of the row.</param>
internal sealed record QuantizationConfig(QuantizationMethod Method, int? Group, bool ZerosAreLessOne, bool IsSymmetric, bool IsByActivation)
{
    /// <summary>The key of config.json.</summary>
    public const string Key = "quantization_config";

    /// <summary>What this program calls its own method there.</summary>
    public const string OwnMethod = "flexgen";

    /// <summary>What it calls the layout: tiles of 16 rows. Another layout would have another name.</summary>
    public const string OwnFormat = "tiles16";

    /// <summary>What the two versions of GPTQ's layout are called: the first stores zeros less 1.</summary>
    public const string Gptq1 = "gptq", Gptq2 = "gptq_v2";

    private const string Unquantised = "use the model's float16 or bfloat16 checkpoint";

    /// <summary>What the method is called.</summary>
    public string Name => Method switch
    {
        QuantizationMethod.Gptq => "gptq",
        QuantizationMethod.Awq => "awq",
        _ => OwnMethod,
    };

    /// <summary>What a checkpoint of this program's own says of itself.</summary>
    public static JsonObject Describe(int group) =>
        new() { ["quant_method"] = OwnMethod, ["bits"] = 4, ["group_size"] = group, ["format"] = OwnFormat };

    /// <summary>What config.json says; null: that nothing is quantised.</summary>
    /// <exception cref="CheckpointException">It is quantised in a way that cannot be read, or it does not say how.</exception>
    public static QuantizationConfig? Read(JsonElement config) =>
        !config.TryGetProperty(Key, out var section) || section.ValueKind == JsonValueKind.Null ? null
        : section.ValueKind == JsonValueKind.Object ? Read(new(section, "config.json", Key + "."), null)
        : throw new CheckpointException($"config.json: '{Key}' is {section.GetRawText()}; an object is expected");

    /// <summary>
    /// What a file beside config.json says, which the methods' own programs wrote before config.json had a place for it; null: there is none.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="read">Reads a file's object.</param>
    /// <inheritdoc cref="Read(JsonElement)"/>
    public static QuantizationConfig? ReadBeside(string folder, Func<string, JsonElement> read)
    {
        foreach (var (name, method) in new[] { ("quantize_config.json", "gptq"), ("quant_config.json", "awq") })
        {
            if (Path.Combine(folder, name) is var path && File.Exists(path))
            {
                return Read(new(read(path), name, ""), method);
            }
        }

        return null;
    }

    private static QuantizationConfig Read(QuantizationKeys keys, string? otherwise) => (keys.Text("quant_method") ?? otherwise) switch
    {
        "gptq" => Gptq(keys),
        "awq" => Awq(keys),
        OwnMethod => Own(keys),
        null => throw keys.Refused("quant_method", $"is missing, and only quantised checkpoints of gptq, awq and {OwnMethod} can be read; {Unquantised}"),
        var other => throw keys.Refused("quant_method", $"is '{other}', and quantised checkpoints of that method cannot be read, only of gptq, awq and "
            + $"{OwnMethod} in 4 bits; {Unquantised}"),
    };

    private static QuantizationConfig Gptq(QuantizationKeys keys)
    {
        RequireFourBits(keys, "bits");
        var formatKey = keys.Has("checkpoint_format") ? "checkpoint_format" : "format";
        var format = keys.Text(formatKey) ?? Gptq1;
        return keys.Flag("is_marlin_format") == true
            ? throw keys.Refused("is_marlin_format", $"is true, and GPTQ checkpoints in Marlin's layout cannot be read; {Unquantised}")
            : new(
                QuantizationMethod.Gptq,
                GroupOf(keys, "group_size"),
                format switch
                {
                    Gptq1 => true,
                    Gptq2 => false,
                    _ => throw keys.Refused(formatKey, $"is '{format}', a layout that cannot be read; {Gptq1} or {Gptq2} is expected"),
                },
                keys.Flag("sym") == true,
                keys.Flag("desc_act") == true);
    }

    private static QuantizationConfig Awq(QuantizationKeys keys)
    {
        RequireFourBits(keys, keys.Has("bits") ? "bits" : "w_bit");
        var version = keys.Text("version") ?? "gemm";
        return version == "gemm"
            ? new(QuantizationMethod.Awq, GroupOf(keys, keys.Has("group_size") ? "group_size" : "q_group_size"), false, false, false)
            : throw keys.Refused("version", $"is '{version}', a layout of AWQ that cannot be read; gemm is expected");
    }

    private static QuantizationConfig Own(QuantizationKeys keys)
    {
        RequireFourBits(keys, "bits");
        var (format, group) = (keys.Text("format"), keys.Integer("group_size"));
        return format != OwnFormat ? throw keys.Refused("format", $"is {(format is null ? "missing" : $"'{format}'")}; {OwnFormat} is expected")
            : group is not (32 or 64 or 128) ? throw keys.Refused("group_size", $"is {group?.ToString(null, null) ?? "missing"}; 32, 64 or 128 is expected")
            : new(QuantizationMethod.Own, group, false, false, false);
    }

    private static void RequireFourBits(QuantizationKeys keys, string key)
    {
        if (keys.Integer(key) is var bits && bits != 4)
        {
            throw keys.Refused(key, $"is {bits?.ToString(null, null) ?? "missing"}; only 4 can be read; {Unquantised}");
        }
    }

    private static int? GroupOf(QuantizationKeys keys, string key) => keys.Integer(key) switch
    {
        -1 => null,
        32 or 64 => keys.Integer(key),
        > 0 and var group when group % 128 == 0 => group,
        var other => throw keys.Refused(key, $"is {other?.ToString(null, null) ?? "missing"}; 32, 64, a multiple of 128, or -1 for whole rows is expected"),
    };
}
