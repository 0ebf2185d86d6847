using System.Runtime.InteropServices;

namespace FlexGen.Interop;

/// <summary>Settings of libtorch that neither TorchSharp nor the C ABI reaches.</summary>
public static partial class TorchContext
{
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

    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at13globalContextEv")]
    private static partial IntPtr GlobalContext();

    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at7Context14setSDPUseCuDNNEb")]
    private static partial void SetSdpUseCudnn(IntPtr context, [MarshalAs(UnmanagedType.U1)] bool use);
}
