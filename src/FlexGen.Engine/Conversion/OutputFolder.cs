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
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path}: no folder can be made there: {exception.Message}", exception);
        }

        var held = HeldFolder.Take(path) ?? throw new CheckpointException($"{path}: another process is writing it; wait for it to end, or name another folder");
        try
        {
            var unfinished = names.Select(Aside).ToHashSet(StringComparer.Ordinal);
            var folders = names.Select(n => Path.GetDirectoryName(n)!).Where(f => f.Length > 0).ToHashSet(StringComparer.Ordinal);
            var inFolders = folders.Select(f => Path.Combine(path, f)).Where(Directory.Exists).SelectMany(Directory.EnumerateFileSystemEntries);
            foreach (var entry in Directory.EnumerateFileSystemEntries(path).Concat(inFolders).Order(StringComparer.Ordinal).ToList())
            {
                var name = Path.GetRelativePath(path, entry);
                if (unfinished.Contains(name))
                {
                    File.Delete(entry);
                }
                else if (!names.Contains(name) && !folders.Contains(name))
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
        var aside = Path.Combine(path, Aside(name));
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(aside)!);
            using (var file = File.OpenHandle(aside, FileMode.CreateNew, FileAccess.Write))
            {
                write(file);
                RandomAccess.FlushToDisk(file);
            }

            File.Move(aside, Path.Combine(path, name));
            held.Sync();
            if (Path.GetDirectoryName(name) is { Length: > 0 } folder)
            {
                using var inner = HeldFolder.Take(Path.Combine(path, folder));
                inner?.Sync();
            }
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

    private static string Aside(string name) => Path.Combine(Path.GetDirectoryName(name)!, $".{Path.GetFileName(name)}{Unfinished}");

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
