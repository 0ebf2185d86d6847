using FlexGen.Engine.Checkpoints;
using FlexGen.Files;
using FlexGen.Interop;
using Microsoft.Win32.SafeHandles;

namespace FlexGen.Engine.Conversion;

/// <summary>
/// The folder that a checkpoint is written into, this process's alone. A file gets its name when all of it is on disk: whatever has a name is whole,
/// however the process ends.
/// </summary>
internal sealed class OutputFolder : IDisposable
{
    private const string Unfinished = ".unfinished";
    private readonly string path;
    private readonly HeldFolder held;

    private OutputFolder(string path, HeldFolder held) => (this.path, this.held) = (path, held);

    /// <summary>Takes a folder, which is made where there is none.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="names">The files that are written.</param>
    /// <exception cref="CheckpointException">Another process writes it, or it holds something else than those files.</exception>
    /// <exception cref="IOException">It cannot be made or opened.</exception>
    public static OutputFolder Take(string path, IReadOnlySet<string> names)
    {
        Directory.CreateDirectory(path);
        var held = HeldFolder.Take(path) ?? throw new CheckpointException($"{path}: another process is writing it; wait for it to end, or name another folder");
        try
        {
            foreach (var entry in Directory.EnumerateFileSystemEntries(path).Order(StringComparer.Ordinal))
            {
                var name = Path.GetFileName(entry);
                if (name.StartsWith('.') && name.EndsWith(Unfinished, StringComparison.Ordinal) && names.Contains(name[1..^Unfinished.Length]))
                {
                    File.Delete(entry);
                }
                else if (!names.Contains(name))
                {
                    throw new CheckpointException($"{path}: holds '{name}', which is no file of the checkpoint that is to be written there; name an empty "
                        + "folder, or one that does not exist yet");
                }
            }

            return new(path, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public bool Has(string name) => File.Exists(Path.Combine(path, name));

    /// <summary>Opens a file that is there.</summary>
    public SafeFileHandle Open(string name) => RegularFile.Open(Path.Combine(path, name));

    /// <summary>Writes a file: aside, then under its name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="write">Writes its bytes.</param>
    /// <exception cref="IOException">The disk does not take them.</exception>
    public void Write(string name, Action<SafeFileHandle> write)
    {
        var aside = Path.Combine(path, $".{name}{Unfinished}");
        try
        {
            using (var file = File.OpenHandle(aside, FileMode.CreateNew, FileAccess.Write))
            {
                write(file);
                RandomAccess.FlushToDisk(file);
            }

            File.Move(aside, Path.Combine(path, name));
            held.Sync();
        }
        catch (Exception exception)
        {
            // Where this fails, too, the next run does it.
            TryDelete(aside);
            if (exception is IOException or UnauthorizedAccessException)
            {
                throw new IOException($"{Path.Combine(path, name)}: cannot be written: {exception.Message}", exception);
            }

            throw;
        }
    }

    /// <summary>Writes a small file, or sees that it is there as it would be written.</summary>
    /// <exception cref="CheckpointException">Another is there.</exception>
    public void Keep(string name, byte[] content)
    {
        if (!Has(name))
        {
            Write(name, file => RandomAccess.Write(file, content, 0));
        }
        else if (!JsonFile.ReadBytes(Path.Combine(path, name)).AsSpan().SequenceEqual(content))
        {
            throw Other(name);
        }
    }

    /// <summary>The error about a file that is there and not as it would be written.</summary>
    public CheckpointException Other(string name) => new($"{Path.Combine(path, name)}: is there, but it is not of this model in these groups; name an empty "
        + "folder, or one that does not exist yet");

    public void Dispose() => held.Dispose();

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }
}
