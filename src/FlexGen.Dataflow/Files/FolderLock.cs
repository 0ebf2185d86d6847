using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using FlexGen.Files;
using Microsoft.Win32.SafeHandles;

namespace FlexGen.Dataflow.Files;

/// <summary>Keeps a folder for one process. The lock is the kernel's: it goes when the process does, however that ends.</summary>
internal sealed class FolderLock : IDisposable
{
    /// <summary>EWOULDBLOCK, which flock answers where another holds the lock.</summary>
    private const int WouldBlock = 11;

    private const int ExclusiveWithoutWaiting = 2 | 4;

    private const string FileName = ".flexgen.lock";

    // A file of its own, since no other process can open a locked file.
    private const string HolderFileName = ".flexgen.pid";

    private const int LongestHolder = 64;

    private readonly SafeFileHandle file;

    private FolderLock(SafeFileHandle file) => this.file = file;

    /// <exception cref="PipelineException">Another pipeline holds the folder, or it cannot be written to.</exception>
    public static FolderLock Take(string folder)
    {
        var holderPath = Path.Combine(folder, HolderFileName);
        try
        {
            Directory.CreateDirectory(folder);
            // The file stays when the lock goes: were it deleted, two processes could each hold a file of that name.
            var file = RegularFile.OpenOwn(Path.Combine(folder, FileName));
            try
            {
                if (flock(file, ExclusiveWithoutWaiting) != 0 && Marshal.GetLastPInvokeError() == WouldBlock)
                {
                    throw new PipelineException(
                        $"the folder {folder} is in use by another pipeline run, process {Holder(holderPath)}: wait for it to end, or choose another folder.");
                }

                RegularFile.WriteAll(holderPath, Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
                return new FolderLock(file);
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch (UnauthorizedAccessException e)
        {
            throw new PipelineException($"cannot write to the folder {folder}: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw new PipelineException($"cannot write to the folder {folder}: {e.Message}", e);
        }
    }

    public void Dispose() => file.Dispose();

    private static string Holder(string path)
    {
        try
        {
            return int.TryParse(Encoding.ASCII.GetString(RegularFile.ReadAll(path, LongestHolder)), CultureInfo.InvariantCulture, out var process)
                ? $"{process}" : "unknown";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "unknown";
        }
    }

#pragma warning disable SYSLIB1054, IDE1006 // One call of the C library does not need unsafe code allowed in the project.
    [DllImport("libc", SetLastError = true)]
    private static extern int flock(SafeFileHandle file, int operation);
#pragma warning restore SYSLIB1054, IDE1006
}
