using System.Text.RegularExpressions;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>Compiles this project's kernels, which are resources in CUDA C++.</summary>
internal static partial class KernelSource
{
    /// <summary>A kernel for the current device.</summary>
    /// <param name="file">The resource. A line that includes another stands for it.</param>
    /// <param name="name">The kernel in it.</param>
    /// <param name="type">The type of its elements.</param>
    /// <param name="constants">Further macros that it is compiled with.</param>
    /// <param name="sharedBytes">As of <see cref="CudaKernel"/>.</param>
    public static CudaKernel Compile(
        string file, string name, ScalarType type, IEnumerable<KeyValuePair<string, long>>? constants = null, int sharedBytes = 0) =>
        new(Read("elements.cuh") + Read(file), name,
            [new("ELEMENT", type switch { ScalarType.Float32 => 0, ScalarType.Float16 => 1, _ => 2 }), .. constants ?? []], sharedBytes);

    /// <summary>Kernels of several kinds, compiled at once.</summary>
    /// <param name="count">How many.</param>
    /// <param name="gpu">The device's number.</param>
    /// <param name="compile">Compiles the one of a number, on a thread for which the device is current.</param>
    public static T[] CompileAll<T>(int count, int gpu, Func<int, T> compile)
    {
        var made = new T[count];
        Parallel.For(0, count, n =>
        {
            CudaDriver.Use(gpu);
            made[n] = compile(n);
        });
        return made;
    }

    private static string Read(string file)
    {
        using var reader = new StreamReader(typeof(KernelSource).Assembly.GetManifestResourceStream(file)!);
        return Include().Replace(reader.ReadToEnd(), included => Read(included.Groups["file"].Value));
    }

    [GeneratedRegex("^#include \"(?<file>.+)\"\r?$", RegexOptions.Multiline)]
    private static partial Regex Include();
}
