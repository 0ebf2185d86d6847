using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace FlexGen.Interop;

/// <summary>NVIDIA's run-time compiler, from whichever CUDA comes with the libtorch that is loaded.</summary>
internal static unsafe partial class Nvrtc
{
    private const string Library = "nvrtc";
    private static readonly string[] names = ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"];

    static Nvrtc() => NativeLibrary.SetDllImportResolver(typeof(Nvrtc).Assembly, Resolve);

    /// <summary>Compiles CUDA C++ to machine code.</summary>
    /// <exception cref="InvalidOperationException">It does not compile; the message has the compiler's log.</exception>
    public static byte[] Compile(string source, string name, IReadOnlyList<string> options)
    {
        Check(Create(out var program, source, $"{name}.cu", 0, IntPtr.Zero, IntPtr.Zero), "nvrtcCreateProgram");
        try
        {
            if (CompileProgram(program, options.Count, [.. options]) != 0)
            {
                Check(GetLogSize(program, out var length), "nvrtcGetProgramLogSize");
                var log = new byte[length];
                Check(GetLog(program, log), "nvrtcGetProgramLog");
                throw new InvalidOperationException($"The kernel {name} does not compile with {string.Join(' ', options)}: "
                    + $"{Encoding.UTF8.GetString(log).TrimEnd('\0')}");
            }

            Check(GetImageSize(program, out var size), "nvrtcGetCUBINSize");
            var image = new byte[size];
            Check(GetImage(program, image), "nvrtcGetCUBIN");
            return image;
        }
        finally
        {
            _ = Destroy(ref program);
        }
    }

    private static IntPtr Resolve(string library, Assembly assembly, DllImportSearchPath? path)
    {
        if (library != Library)
        {
            return IntPtr.Zero;
        }

        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, assembly, path, out var handle))
            {
                return handle;
            }
        }

        throw new InvalidOperationException(
            $"CUDA's run-time compiler was not found ({string.Join(", ", names)}); put the folder that holds it into LD_LIBRARY_PATH, or "
                + "build with -p:Accelerator=cuda");
    }

    private static void Check(int status, string call)
    {
        if (status != 0)
        {
            throw new InvalidOperationException($"{call} failed ({status})");
        }
    }

    [LibraryImport(Library, EntryPoint = "nvrtcCreateProgram", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Create(out IntPtr program, string source, string name, int headers, IntPtr headerTexts, IntPtr headerNames);

    [LibraryImport(Library, EntryPoint = "nvrtcCompileProgram", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CompileProgram(IntPtr program, int count, string[] options);

    [LibraryImport(Library, EntryPoint = "nvrtcGetProgramLogSize")]
    private static partial int GetLogSize(IntPtr program, out nuint bytes);

    [LibraryImport(Library, EntryPoint = "nvrtcGetProgramLog")]
    private static partial int GetLog(IntPtr program, byte[] log);

    [LibraryImport(Library, EntryPoint = "nvrtcGetCUBINSize")]
    private static partial int GetImageSize(IntPtr program, out nuint bytes);

    [LibraryImport(Library, EntryPoint = "nvrtcGetCUBIN")]
    private static partial int GetImage(IntPtr program, byte[] image);

    [LibraryImport(Library, EntryPoint = "nvrtcDestroyProgram")]
    private static partial int Destroy(ref IntPtr program);
}
