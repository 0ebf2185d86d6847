using FlexGen.Interop;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine;

/// <summary>Finds the compute devices that <see cref="EngineOptions.Device"/> names.</summary>
internal static class Devices
{
    /// <summary>No device by name.</summary>
    public const string Auto = "auto";

    private const string Usage = "use auto, cpu or cuda:0 (1, 2, ...), several of one kind with commas between them, or cuda:all";

    /// <summary>At least one, all GPUs or all CPUs; no GPU twice.</summary>
    /// <exception cref="EngineException">There is no such device, or they do not go together.</exception>
    public static IReadOnlyList<Device> Resolve(string names)
    {
        if (names is "cuda:all" && cuda.is_available())
        {
            return [.. Enumerable.Range(0, cuda.device_count()).Select(n => new Device(DeviceType.CUDA, n))];
        }

        var devices = names.Split(',').Select(name => One(name.Trim(), names)).ToList();
        if (devices.Select(d => d.type).Distinct().Count() > 1)
        {
            throw new EngineException(new EngineMessage($"{Setting.Device} is '{names}', GPUs and CPUs together; name devices of one kind"));
        }

        var twice = devices.Where(d => d.type != DeviceType.CPU).GroupBy(d => d.index).FirstOrDefault(g => g.Count() > 1);
        return twice is null ? devices
            : throw new EngineException(new EngineMessage($"{Setting.Device} is '{names}', which names cuda:{twice.Key} twice; name each GPU once"));
    }

    /// <summary>The GPUs that this process sees and that are what the first is, in the words that <see cref="Resolve"/> reads; none without a GPU.</summary>
    public static IReadOnlyList<string> Alike() => !cuda.is_available() ? []
        : [.. Enumerable.Range(0, cuda.device_count()).Where(n => n == 0 || CudaDriver.Name(n) == CudaDriver.Name(0)).Select(n => $"cuda:{n}")];

    /// <summary>What people, and traces, call each of several devices; null: there is one.</summary>
    public static IReadOnlyList<string>? Names(IReadOnlyList<Device> devices) =>
        devices.Count == 1 ? null : [.. devices.Select((d, n) => d.type == DeviceType.CPU ? $"cpu:{n}" : $"{d}")];

    private static Device One(string name, string all)
    {
        if (name is "cpu" || (name is Auto && !cuda.is_available()))
        {
            return CPU;
        }

        var index = name switch
        {
            Auto or "cuda" or "cuda:all" => 0,
            _ when name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), out var n) && n >= 0 => n,
            _ => throw new EngineException(new EngineMessage($"{Setting.Device} is '{all}'; {Usage}")),
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
