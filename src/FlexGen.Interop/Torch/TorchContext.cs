using System.Runtime.InteropServices;

namespace FlexGen.Interop;

/// <summary>Settings of libtorch that neither TorchSharp nor the C ABI reaches.</summary>
public static partial class TorchContext
{
    /// <summary>
    /// Lets libtorch's GPU allocator grow its segments in place: prompts of ever different lengths would otherwise leave holes in them
    /// that no later tensor fits, and the memory in use would creep past what is. Without effect once a GPU's memory has been used.
    /// </summary>
    public static void GrowGpuSegments() => _ = SetEnvironment("PYTORCH_ALLOC_CONF", "expandable_segments:True", 0);

    /// <summary>
    /// Has libtorch's processor threads sleep once they have nothing to do. By themselves they look for work for milliseconds first, on cores that
    /// this program's own threads need meanwhile. Without effect once libtorch is loaded; a user's own setting stays.
    /// </summary>
    public static void RestIdleThreads() => _ = SetEnvironment("OMP_WAIT_POLICY", "passive", 0);

    /// <summary>
    /// Has the C library give memory of a MiB and more back to the system when it is freed. By itself it comes to keep ever larger
    /// blocks, up to 32 MiB each, and a budget would be overrun by activations that are long gone. A C library without the setting is left as it is.
    /// </summary>
    public static void ReturnFreedMemory()
    {
        const int trimThreshold = -1, mmapThreshold = -3, bytes = 1 << 20;
        try
        {
            _ = SetAllocator(mmapThreshold, bytes);
            _ = SetAllocator(trimThreshold, bytes);
        }
        catch (EntryPointNotFoundException)
        {
            // musl, which keeps nothing of this size.
        }
    }

    /// <summary>
    /// Keeps attention from cuDNN, which builds a plan for every new shape (35 to 450 ms each on an H200), and a decoding batch has a
    /// new one every sweep. A libtorch without the setting is left as it is. libtorch must be loaded already.
    /// </summary>
    public static void AvoidCudnnAttention()
    {
        try
        {
            SetSdpUseCudnn(GlobalContext(), false);
        }
        catch (EntryPointNotFoundException)
        {
            // An older libtorch, which has no such attention.
        }
    }

    /// <summary>Has libtorch compute on a stream until the result is disposed, on this thread.</summary>
    /// <param name="stream">The CUDA stream.</param>
    /// <param name="gpu">Its device's index.</param>
    internal static IDisposable ComputeOn(IntPtr stream, int gpu) => new StreamGuard(stream, gpu);

    // .NET's own environment is a copy that native code does not see.
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetAllocator(int parameter, int value);

    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at13globalContextEv")]
    private static partial IntPtr GlobalContext();

    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at7Context14setSDPUseCuDNNEb")]
    private static partial void SetSdpUseCudnn(IntPtr context, [MarshalAs(UnmanagedType.U1)] bool use);

    [LibraryImport("torch_cuda", EntryPoint = "aoti_torch_create_cuda_stream_guard")]
    private static partial int CreateStreamGuard(IntPtr stream, int device, out IntPtr guard);

    [LibraryImport("torch_cuda", EntryPoint = "aoti_torch_delete_cuda_stream_guard")]
    private static partial int DeleteStreamGuard(IntPtr guard);

    private sealed class StreamGuard : IDisposable
    {
        private readonly IntPtr guard;

        public StreamGuard(IntPtr stream, int gpu)
        {
            if (CreateStreamGuard(stream, gpu, out guard) != 0)
            {
                throw new InvalidOperationException("libtorch could not compute on another stream");
            }
        }

        public void Dispose() => _ = DeleteStreamGuard(guard);
    }
}
