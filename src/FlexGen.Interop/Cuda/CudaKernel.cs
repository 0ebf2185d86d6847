namespace FlexGen.Interop;

/// <summary>A kernel, compiled from CUDA C++ for the current device when it is made.</summary>
public sealed unsafe class CudaKernel : IDisposable
{
    /// <summary>Whose warpgroups' products are for it alone, and must be asked for.</summary>
    private const int Hopper = 90;

    private readonly IntPtr module;
    private readonly IntPtr function;
    private readonly int sharedBytes;

    /// <param name="source">CUDA C++ without includes, which has an extern "C" kernel of the name.</param>
    /// <param name="name">The kernel's name.</param>
    /// <param name="constants">Macros that the source is compiled with.</param>
    /// <param name="sharedBytes">Of a block's shared memory, beyond what the source declares the size of.</param>
    /// <exception cref="InvalidOperationException">It does not compile, or there is no compiler; the message has what it said.</exception>
    public CudaKernel(string source, string name, IEnumerable<KeyValuePair<string, long>> constants, int sharedBytes = 0)
    {
        var capability = CudaDriver.Limits().ComputeCapability;
        string[] options =
        [
            $"--gpu-architecture=sm_{capability}{(capability == Hopper ? "a" : "")}",
            "--device-as-default-execution-space",
            .. constants.Select(c => $"-D{c.Key}={c.Value}"),
        ];
        var image = Nvrtc.Compile(source, name, options);
        CudaDriver.Check(CudaDriver.ModuleLoadData(out module, image), "cuModuleLoadData");
        CudaDriver.Check(CudaDriver.ModuleGetFunction(out function, module, name), "cuModuleGetFunction");
        this.sharedBytes = sharedBytes;
        if (sharedBytes > 0)
        {
            const int mostDynamicSharedBytes = 8;
            CudaDriver.Check(CudaDriver.FunctionSetAttribute(function, mostDynamicSharedBytes, sharedBytes), "cuFuncSetAttribute");
        }
    }

    /// <summary>
    /// Puts the kernel into the stream that this thread computes on, with a thread for each item up to a number of blocks; above, each takes several.
    /// </summary>
    /// <param name="items">How many.</param>
    /// <param name="mostBlocks">The most blocks, of 256 threads.</param>
    /// <param name="arguments">Those of the kernel, in order, 8 bytes each.</param>
    public void LaunchOver(long items, int mostBlocks, params ReadOnlySpan<long> arguments)
    {
        const int threads = 256;
        Launch(((int)Math.Clamp((items + threads - 1) / threads, 1, mostBlocks), 1), threads, arguments);
    }

    /// <summary>Puts the kernel into the stream that this thread computes on.</summary>
    /// <param name="blocks">The grid.</param>
    /// <param name="threads">Threads of a block.</param>
    /// <param name="arguments">The kernel's arguments in order, 8 bytes each, of which it reads as many as its parameter is wide.</param>
    public void Launch((int X, int Y) blocks, int threads, params ReadOnlySpan<long> arguments) => Launch(blocks, (threads, sharedBytes), arguments);

    /// <summary>Likewise with less of a block's shared memory than the kernel was made with.</summary>
    /// <param name="blocks">The grid.</param>
    /// <param name="block">Its threads, and its shared memory beyond what the source declares.</param>
    /// <param name="arguments">The kernel's arguments.</param>
    public void Launch((int X, int Y) blocks, (int Threads, int SharedBytes) block, params ReadOnlySpan<long> arguments)
    {
        fixed (long* values = arguments)
        {
            var pointers = stackalloc void*[arguments.Length];
            Launch(blocks, block, pointers, values, arguments.Length);
        }
    }

    /// <summary>Likewise a kernel whose first argument is a matrix, as a tensor map, and whose second is a structure.</summary>
    /// <param name="blocks">The grid.</param>
    /// <param name="threads">Threads of a block.</param>
    /// <param name="first">The matrix.</param>
    /// <param name="second">The structure's fields, each of 8 bytes.</param>
    /// <param name="arguments">The others.</param>
    public void Launch((int X, int Y) blocks, int threads, CudaMatrix first, ReadOnlySpan<long> second, params ReadOnlySpan<long> arguments)
    {
        var memory = stackalloc byte[CudaMatrix.MapBytes + CudaMatrix.MapAlignment];
        var map = (void*)(((nint)memory + CudaMatrix.MapAlignment - 1) & -CudaMatrix.MapAlignment);
        first.Write(map);
        fixed (long* values = arguments, fields = second)
        {
            var pointers = stackalloc void*[2 + arguments.Length];
            pointers[0] = map;
            pointers[1] = fields;
            Launch(blocks, (threads, sharedBytes), pointers, values, arguments.Length, 2);
        }
    }

    public void Dispose() => _ = CudaDriver.ModuleUnload(module);

    private void Launch((int X, int Y) blocks, (int Threads, int SharedBytes) block, void** pointers, long* values, int count, int first = 0)
    {
        for (var n = 0; n < count; n++)
        {
            pointers[first + n] = values + n;
        }

        CudaDriver.Check(
            CudaDriver.LaunchKernel(function, (uint)blocks.X, (uint)blocks.Y, 1, (uint)block.Threads, 1, 1, (uint)block.SharedBytes,
                CudaStream.Current.Handle, pointers, null), "cuLaunchKernel");
    }
}
