using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine;

/// <summary>The element types that weights, KV cache and hidden states can have.</summary>
internal static class DataTypes
{
    /// <summary>How elements of a type lie in memory.</summary>
    public static ElementFormat Format(ScalarType type) => type switch
    {
        ScalarType.Float32 => ElementFormat.F32,
        ScalarType.Float16 => ElementFormat.F16,
        ScalarType.BFloat16 => ElementFormat.BF16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No format is known for it"),
    };

    /// <summary>The type that <see cref="EngineOptions.DataType"/> names.</summary>
    public static ScalarType Resolve(string name, ScalarType stored, Device device)
    {
        var onCpu = device.type == TorchSharp.DeviceType.CPU;
        return name switch
        {
            "auto" => onCpu ? ScalarType.Float32 : stored,
            "float32" => ScalarType.Float32,
            "bfloat16" => ScalarType.BFloat16,
            "float16" when !onCpu => ScalarType.Float16,
            "float16" => throw new EngineException(new EngineMessage(
                $"{Setting.DataType} is float16 on a CPU, which computes it about ten times slower than bfloat16; use float32 or bfloat16")),
            _ => throw new EngineException(new EngineMessage($"{Setting.DataType} is '{name}'; use auto, float32, bfloat16 or float16")),
        };
    }
}
