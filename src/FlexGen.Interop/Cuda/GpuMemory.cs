using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;

namespace FlexGen.Interop;

/// <summary>
/// A GPU's memory as the NVIDIA management library sees it: of all processes, contexts included, without making one. It counts all the
/// machine's devices, CUDA those that the process may see: they are matched by their unique ids.
/// </summary>
public static partial class GpuMemory
{
    private const string Library = "libnvidia-ml.so.1";
    private static readonly ConcurrentDictionary<int, IntPtr> handles = new();

    /// <summary>Bytes in use on a device.</summary>
    /// <param name="device">Its index among those that CUDA sees.</param>
    /// <exception cref="InvalidOperationException">The driver did not say.</exception>
    public static long Used(int device) => (long)Of(device).Used;

    /// <summary>Bytes free on a device.</summary>
    /// <inheritdoc cref="Used"/>
    public static long Free(int device) => (long)Of(device).Free;

    /// <summary>The version of the driver.</summary>
    /// <exception cref="InvalidOperationException">The driver did not say.</exception>
    public static string DriverVersion()
    {
        Check(Init(), "nvmlInit");
        Span<byte> version = stackalloc byte[96];
        Check(GetDriverVersion(version, (uint)version.Length), "nvmlSystemGetDriverVersion");
        return Encoding.UTF8.GetString(version[..version.IndexOf((byte)0)]);
    }

    private static Memory Of(int device)
    {
        Check(GetMemory(handles.GetOrAdd(device, Open), out var memory), "nvmlDeviceGetMemoryInfo");
        return memory;
    }

    private static IntPtr Open(int device)
    {
        Check(Init(), "nvmlInit");
        var id = CudaDriver.DeviceId(device);
        if (GetHandle($"GPU-{id}", out var handle) != 0)
        {
            Check(GetHandle($"MIG-{id}", out handle), "nvmlDeviceGetHandleByUUID");
        }

        return handle;
    }

    private static void Check(int status, string call)
    {
        if (status != 0)
        {
            throw new InvalidOperationException($"{call} failed ({status})");
        }
    }

    [LibraryImport(Library, EntryPoint = "nvmlInit_v2")]
    private static partial int Init();

    [LibraryImport(Library, EntryPoint = "nvmlSystemGetDriverVersion")]
    private static partial int GetDriverVersion(Span<byte> version, uint length);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetHandleByUUID", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetHandle(string id, out IntPtr device);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetMemoryInfo")]
    private static partial int GetMemory(IntPtr device, out Memory memory);

    private struct Memory
    {
        public ulong Total;
        public ulong Free;
        public ulong Used;
    }
}
