using System.Runtime.InteropServices;

namespace FlexGen.Interop;

/// <summary>Where a tensor's memory lies, by libtorch's C ABI.</summary>
public static partial class TensorAddress
{
    /// <summary>The address of a tensor's first element.</summary>
    /// <param name="tensor">The tensor's native handle.</param>
    public static IntPtr Of(IntPtr tensor)
    {
        var status = GetDataPointer(tensor, out var address);
        return status == 0 ? address : throw new InvalidOperationException("libtorch could not give the address of a tensor");
    }

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_get_data_ptr")]
    private static partial int GetDataPointer(IntPtr tensor, out IntPtr address);
}
