using static TorchSharp.torch;

namespace FlexGen.Engine.Checkpoints.Safetensors;

/// <summary>The element types of the safetensors format.</summary>
internal static class SafetensorsTypes
{
    private static readonly Dictionary<string, (int Bytes, ScalarType? Type)> known = new()
    {
        ["F64"] = (8, ScalarType.Float64),
        ["F32"] = (4, ScalarType.Float32),
        ["F16"] = (2, ScalarType.Float16),
        ["BF16"] = (2, ScalarType.BFloat16),
        ["I64"] = (8, ScalarType.Int64),
        ["I32"] = (4, ScalarType.Int32),
        ["I16"] = (2, ScalarType.Int16),
        ["I8"] = (1, ScalarType.Int8),
        ["U8"] = (1, ScalarType.Byte),
        ["BOOL"] = (1, ScalarType.Bool),
        ["U64"] = (8, null),
        ["U32"] = (4, null),
        ["U16"] = (2, null),
        ["F8_E4M3"] = (1, null),
        ["F8_E5M2"] = (1, null),
    };

    /// <summary>Bytes of one element; null for a type this program does not know, whose size cannot be checked.</summary>
    public static int? Size(string name) => known.TryGetValue(name, out var type) ? type.Bytes : null;

    /// <summary>The tensor type; null for one that libtorch tensors here cannot have.</summary>
    public static ScalarType? Type(string name) => known.TryGetValue(name, out var type) ? type.Type : null;

    /// <summary>The format's name of a tensor type.</summary>
    public static string Name(ScalarType type) =>
        known.FirstOrDefault(k => k.Value.Type == type).Key ?? throw new NotSupportedException($"Tensors of type {type} cannot be written "
            + "to a safetensors file");

    /// <summary>Whether weights can be stored in this type.</summary>
    public static bool IsWeight(ScalarType? type) => type is ScalarType.Float64 or ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16;
}
