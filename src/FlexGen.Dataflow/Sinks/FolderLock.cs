using System.Globalization;

namespace FlexGen.Dataflow.Sinks;

/// <summary>Keeps a folder for one process. The lock is the kernel's: it goes when the process does, however that ends.</summary>
internal sealed class FolderLock : IDisposable
{
    /// <summary>EWOULDBLOCK, which flock answers where another holds the lock.</summary>
    private const int WouldBlock = 11;

    private const string FileName = ".flexgen.lock";

    // A file of its own, since no other process can open a locked file.
    private const string HolderFileName = ".flexgen.pid";

    private readonly FileStream file;

    private FolderLock(FileStream file) => this.file = file;

    /// <exception cref="PipelineException">Another pipeline holds the folder, or it cannot be written to.</exception>
    public static FolderLock Take(string folder)
    {
        var holderPath = Path.Combine(folder, HolderFileName);
        try
        {
            Directory.CreateDirectory(folder);
            // The file stays when the lock goes: were it deleted, two processes could each hold a file of that name.
            var file = new FileStream(Path.Combine(folder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(holderPath, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new FolderLock(file);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new PipelineException($"cannot write to the folder {folder}: {e.Message}", e);
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            var holder = File.Exists(holderPath) ? File.ReadAllText(holderPath) : "unknown";
            throw new PipelineException(
                $"the folder {folder} is in use by another pipeline run, process {holder}: wait for it to end, or choose another folder.", e);
        }
        catch (IOException e)
        {
            throw new PipelineException($"cannot write to the folder {folder}: {e.Message}", e);
        }
    }

    public void Dispose() => file.Dispose();
}
