using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;

namespace FlexGen.Interop;

/// <summary>
/// The CUDA driver API, whose soname is the same in CUDA 12 and 13. Calls need the device's primary context, which libtorch
/// shares, to be current on their thread: see <see cref="Use"/>.
/// </summary>
public static partial class CudaDriver
{
    private const string Library = "libcuda.so.1";
    private static readonly ConcurrentDictionary<int, IntPtr> contexts = new();

    /// <summary>Held while work is recorded: a wait for the whole device, on any thread, would make what was recorded until then invalid.</summary>
    internal static Lock Recording { get; } = new();

    /// <summary>Makes a device's primary context current on this thread.</summary>
    public static void Use(int device) => Check(ContextSetCurrent(Context(device)), "cuCtxSetCurrent");

    /// <summary>The device whose context is current on this thread.</summary>
    public static int Current()
    {
        Check(ContextGetDevice(out var device), "cuCtxGetDevice");
        return device;
    }

    /// <summary>Lets a device reach another's memory directly, where the machine can do that; otherwise copies between them go through host memory.</summary>
    /// <returns>Whether it can.</returns>
    public static bool Reach(int device, int other)
    {
        const int alreadyEnabled = 704;
        Check(DeviceCanAccessPeer(out var can, device, other), "cuDeviceCanAccessPeer");
        if (can == 0)
        {
            return false;
        }

        var before = Current();
        Use(device);
        var status = ContextEnablePeerAccess(Context(other), 0);
        Use(before);
        Check(status == alreadyEnabled ? 0 : status, "cuCtxEnablePeerAccess");
        return true;
    }

    /// <summary>The opposite of <see cref="Reach"/>: copies to another's memory go through host memory from now on.</summary>
    public static void Part(int device, int other)
    {
        const int notEnabled = 705;
        var before = Current();
        Use(device);
        var status = ContextDisablePeerAccess(Context(other));
        Use(before);
        Check(status == notEnabled ? 0 : status, "cuCtxDisablePeerAccess");
    }

    /// <summary>Waits until the current device has done all it was given, or has failed.</summary>
    public static void Settle()
    {
        lock (Recording)
        {
            _ = ContextSynchronize();
        }
    }

    /// <summary>Bytes free on a device, which becomes the current one.</summary>
    public static long FreeMemory(int device)
    {
        Use(device);
        Check(MemGetInfo(out var free, out _), "cuMemGetInfo");
        return (long)free;
    }

    /// <summary>Bytes of the current device, in use or not.</summary>
    public static long TotalMemory()
    {
        Check(MemGetInfo(out _, out var total), "cuMemGetInfo");
        return (long)total;
    }

    /// <summary>A device's name. It needs no context.</summary>
    public static string Name(int device)
    {
        Check(Init(0), "cuInit");
        Check(DeviceGet(out var handle, device), "cuDeviceGet");
        Span<byte> name = stackalloc byte[256];
        Check(DeviceGetName(name, name.Length, handle), "cuDeviceGetName");
        return Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)]);
    }

    /// <summary>A device's unique id. It needs no context.</summary>
    internal static Guid DeviceId(int device)
    {
        Check(Init(0), "cuInit");
        Check(DeviceGet(out var handle, device), "cuDeviceGet");
        Span<byte> id = stackalloc byte[16];
        Check(DeviceGetUuid(id, handle), "cuDeviceGetUuid");
        return new(id, bigEndian: true);
    }

    /// <summary>What the current device has.</summary>
    public static CudaLimits Limits()
    {
        const int multiprocessors = 16, major = 75, minor = 76, sharedBytes = 97;
        Check(ContextGetDevice(out var device), "cuCtxGetDevice");
        return new((Attribute(major) * 10) + Attribute(minor), Attribute(multiprocessors), Attribute(sharedBytes));

        int Attribute(int attribute)
        {
            Check(DeviceGetAttribute(out var value, attribute, device), "cuDeviceGetAttribute");
            return value;
        }
    }

    /// <summary>A device's primary context, which is kept for as long as the process lives.</summary>
    internal static IntPtr Context(int device) => contexts.GetOrAdd(device, static number =>
    {
        Check(Init(0), "cuInit");
        Check(DeviceGet(out var handle, number), "cuDeviceGet");
        Check(PrimaryContextRetain(out var context, handle), "cuDevicePrimaryCtxRetain");
        return context;
    });

    /// <summary>CUDA_MEMCPY2D.</summary>
    internal struct Copy2DArguments
    {
        public nuint FromX, FromY;
        public int FromKind;
        public IntPtr FromHost, FromDevice, FromArray;
        public nuint FromPitch, ToX, ToY;
        public int ToKind;
        public IntPtr ToHost, ToDevice, ToArray;
        public nuint ToPitch, Width, Height;
    }

    /// <exception cref="InvalidOperationException">The call failed.</exception>
    internal static void Check(int status, string call)
    {
        if (status != 0)
        {
            var name = GetErrorName(status, out var text) == 0 ? Marshal.PtrToStringUTF8(text) : "unknown error";
            throw new InvalidOperationException($"{call} failed: {name} ({status})");
        }
    }

    [LibraryImport(Library, EntryPoint = "cuInit")]
    private static partial int Init(uint flags);

    [LibraryImport(Library, EntryPoint = "cuDeviceGet")]
    private static partial int DeviceGet(out int device, int ordinal);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetName")]
    private static partial int DeviceGetName(Span<byte> name, int length, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetUuid_v2")]
    private static partial int DeviceGetUuid(Span<byte> id, int device);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRetain")]
    private static partial int PrimaryContextRetain(out IntPtr context, int device);

    [LibraryImport(Library, EntryPoint = "cuCtxSetCurrent")]
    private static partial int ContextSetCurrent(IntPtr context);

    [LibraryImport(Library, EntryPoint = "cuCtxEnablePeerAccess")]
    private static partial int ContextEnablePeerAccess(IntPtr other, uint flags);

    [LibraryImport(Library, EntryPoint = "cuCtxDisablePeerAccess")]
    private static partial int ContextDisablePeerAccess(IntPtr other);

    [LibraryImport(Library, EntryPoint = "cuDeviceCanAccessPeer")]
    private static partial int DeviceCanAccessPeer(out int can, int device, int other);

    [LibraryImport(Library, EntryPoint = "cuCtxGetDevice")]
    private static partial int ContextGetDevice(out int device);

    [LibraryImport(Library, EntryPoint = "cuCtxSynchronize")]
    private static partial int ContextSynchronize();

    [LibraryImport(Library, EntryPoint = "cuDeviceGetAttribute")]
    private static partial int DeviceGetAttribute(out int value, int attribute, int device);

    [LibraryImport(Library, EntryPoint = "cuGetErrorName")]
    private static partial int GetErrorName(int status, out IntPtr name);

    [LibraryImport(Library, EntryPoint = "cuMemGetInfo_v2")]
    private static partial int MemGetInfo(out nuint free, out nuint total);

    [LibraryImport(Library, EntryPoint = "cuStreamCreate")]
    internal static partial int StreamCreate(out IntPtr stream, uint flags);

    [LibraryImport(Library, EntryPoint = "cuStreamDestroy_v2")]
    internal static partial int StreamDestroy(IntPtr stream);

    [LibraryImport(Library, EntryPoint = "cuStreamWaitEvent")]
    internal static partial int StreamWaitEvent(IntPtr stream, IntPtr signal, uint flags);

    [LibraryImport(Library, EntryPoint = "cuEventCreate")]
    internal static partial int EventCreate(out IntPtr signal, uint flags);

    [LibraryImport(Library, EntryPoint = "cuEventDestroy_v2")]
    internal static partial int EventDestroy(IntPtr signal);

    [LibraryImport(Library, EntryPoint = "cuEventRecord")]
    internal static partial int EventRecord(IntPtr signal, IntPtr stream);

    [LibraryImport(Library, EntryPoint = "cuEventSynchronize")]
    internal static partial int EventSynchronize(IntPtr signal);

    [LibraryImport(Library, EntryPoint = "cuEventElapsedTime")]
    internal static partial int EventElapsedTime(out float milliseconds, IntPtr start, IntPtr end);

    [LibraryImport(Library, EntryPoint = "cuMemcpyHtoDAsync_v2")]
    internal static partial int CopyHostToDevice(IntPtr to, IntPtr from, nuint bytes, IntPtr stream);

    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoHAsync_v2")]
    internal static partial int CopyDeviceToHost(IntPtr to, IntPtr from, nuint bytes, IntPtr stream);

    [LibraryImport(Library, EntryPoint = "cuMemcpyPeerAsync")]
    internal static partial int CopyToPeer(IntPtr to, IntPtr toContext, IntPtr from, IntPtr fromContext, nuint bytes, IntPtr stream);

    [LibraryImport(Library, EntryPoint = "cuMemAlloc_v2")]
    internal static partial int MemoryAllocate(out IntPtr address, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemFree_v2")]
    internal static partial int MemoryFree(IntPtr address);

    [LibraryImport(Library, EntryPoint = "cuMemcpy2DAsync_v2")]
    internal static partial int Copy2D(in Copy2DArguments arguments, IntPtr stream);

    [LibraryImport(Library, EntryPoint = "cuMemHostRegister_v2")]
    internal static partial int HostRegister(IntPtr address, nuint bytes, uint flags);

    [LibraryImport(Library, EntryPoint = "cuMemHostUnregister")]
    internal static partial int HostUnregister(IntPtr address);

    [LibraryImport(Library, EntryPoint = "cuStreamBeginCapture_v2")]
    internal static partial int StreamBeginCapture(IntPtr stream, int mode);

    [LibraryImport(Library, EntryPoint = "cuStreamEndCapture")]
    internal static partial int StreamEndCapture(IntPtr stream, out IntPtr graph);

    [LibraryImport(Library, EntryPoint = "cuGraphInstantiateWithFlags")]
    internal static partial int GraphInstantiate(out IntPtr executable, IntPtr graph, ulong flags);

    [LibraryImport(Library, EntryPoint = "cuGraphLaunch")]
    internal static partial int GraphLaunch(IntPtr executable, IntPtr stream);

    [LibraryImport(Library, EntryPoint = "cuGraphExecDestroy")]
    internal static partial int GraphExecDestroy(IntPtr executable);

    [LibraryImport(Library, EntryPoint = "cuGraphDestroy")]
    internal static partial int GraphDestroy(IntPtr graph);

    [LibraryImport(Library, EntryPoint = "cuModuleLoadData")]
    internal static partial int ModuleLoadData(out IntPtr module, byte[] image);

    [LibraryImport(Library, EntryPoint = "cuModuleUnload")]
    internal static partial int ModuleUnload(IntPtr module);

    [LibraryImport(Library, EntryPoint = "cuModuleGetFunction", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ModuleGetFunction(out IntPtr function, IntPtr module, string name);

    [LibraryImport(Library, EntryPoint = "cuFuncSetAttribute")]
    internal static partial int FunctionSetAttribute(IntPtr function, int attribute, int value);

    [LibraryImport(Library, EntryPoint = "cuTensorMapEncodeTiled")]
    internal static unsafe partial int TensorMapEncodeTiled(
        void* map, int type, uint rank, IntPtr address, ulong* sizes, ulong* strides, uint* box, uint* steps,
            int interleave, int swizzle, int promotion, int fill);

    [LibraryImport(Library, EntryPoint = "cuLaunchKernel")]
    internal static unsafe partial int LaunchKernel(
        IntPtr function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ,
            uint sharedBytes, IntPtr stream, void** arguments, void** extra);
}
