using System.Diagnostics;

namespace FlexGen.Engine.Tests.Support;

/// <summary>A small file system in memory, mounted for a test; mounting needs root.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>Mounts one, or skips the test.</summary>
    /// <param name="mebibytes">Its size.</param>
    /// <param name="files">The most files that it takes; null: as many as have room.</param>
    public static SmallDisk Mount(int mebibytes, int? files = null)
    {
        // Its root is one of the inodes; 0 would be no limit.
        var inodes = files + 1 ?? 0;
        var folder = Directory.CreateTempSubdirectory("flexgen-disk-").FullName;
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m,nr_inodes={inodes}", "tmpfs", folder), "NOT TESTED: mounting a small disk needs root");
        return new(folder);
    }

    /// <summary>Takes all the room that is left.</summary>
    public void Fill()
    {
        using var file = File.Create(Path.Combine(Folder, "filler"));
        try
        {
            var block = new byte[1 << 16];
            while (true)
            {
                file.Write(block);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Dispose()
    {
        Assert.True(Run("umount", "--lazy", Folder));
        Directory.Delete(Folder);
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
