using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>Compiles this project's kernels, which are resources in CUDA C++.</summary>
internal static class KernelSource
{
    /// <summary>A kernel for the current device.</summary>
    /// <param name="file">The resource.</param>
    /// <param name="name">The kernel in it.</param>
    /// <param name="type">The type of its elements.</param>
    /// <param name="constants">Further macros that it is compiled with.</param>
    public static CudaKernel Compile(string file, string name, ScalarType type, IEnumerable<KeyValuePair<string, long>>? constants = null) =>
        new(Read("elements.cuh") + Read(file), name,
            [new("ELEMENT", type switch { ScalarType.Float32 => 0, ScalarType.Float16 => 1, _ => 2 }), .. constants ?? []]);

    private static string Read(string file)
    {
        using var reader = new StreamReader(typeof(KernelSource).Assembly.GetManifestResourceStream(file)!);
        return reader.ReadToEnd();
    }
}
