using static TorchSharp.torch;

namespace FlexGen.Engine;

/// <summary>The element types that weights, KV cache and hidden states can have.</summary>
internal static class DataTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(ScalarType type) => type == ScalarType.Float32 ? 4 : 2;

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
