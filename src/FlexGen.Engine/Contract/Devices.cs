using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine;

/// <summary>Finds the compute device that <see cref="EngineOptions.Device"/> names.</summary>
internal static class Devices
{
    public static Device Resolve(string name)
    {
        if (name is "cpu" || (name is "auto" && !cuda.is_available()))
        {
            return CPU;
        }

        var index = name switch
        {
            "auto" or "cuda" => 0,
            _ when name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), out var n) && n >= 0 => n,
            _ => throw new EngineException(new EngineMessage($"{Setting.Device} is '{name}'; use auto, cpu or cuda:0 (1, 2, ...)")),
        };
        if (!cuda.is_available() || index >= cuda.device_count())
        {
            var found = cuda.is_available() ? $"{cuda.device_count()} GPU(s)" : "no GPU, or a libtorch without CUDA";
            throw new EngineException(new EngineMessage(
                $"{Setting.Device} is {name}, but this process sees {found}; make it cpu, or build with -p:Accelerator=cuda on a machine with a GPU"));
        }

        return new Device(DeviceType.CUDA, index);
    }
}
