using System.Diagnostics;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

[Trait("Category", "Long")]
public class DiskFullTests
{
    private const int Records = 60_000;

    [Fact]
    public async Task Given_a_full_disk_when_run_then_it_fails_clearly_and_a_run_with_room_completes()
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(Records);
        workspace.WritePipeline(rows: "10000");
        var disk = Directory.CreateDirectory(workspace.At("out")).FullName;
        Assert.SkipUnless(Mount("-t", "tmpfs", "-o", "size=300k", "tmpfs", disk), "NOT TESTED: mounting a small disk needs root");
        try
        {
            var full = (await workspace.RunAsync("run", Workspace.File)).Expect(1);
            Assert.Contains("space", full.Error, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("   at ", full.Error, StringComparison.Ordinal);
            var before = workspace.Parts().ToList();
            Assert.All(before, part => Assert.True(Workspace.Query<long>($"SELECT count(*) FROM read_parquet('{part.Path}')") > 0));
            Assert.Equal(before.Count, FilesWithContent(disk).Count(path => path.EndsWith(".parquet", StringComparison.Ordinal)));

            Assert.True(Mount("-o", "remount,size=100m", disk));
            (await workspace.RunAsync("run", Workspace.File)).Expect(0);
            workspace.ExpectEachRecordOnce(Records);
            Assert.Empty(before.Except(workspace.Parts()));
        }
        finally
        {
            Assert.True(Run("umount", "--lazy", disk));
        }
    }

    private static IEnumerable<string> FilesWithContent(string folder) =>
        Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Where(f => new FileInfo(f).Length > 0);

    private static bool Mount(params string[] arguments) => Run("mount", arguments);

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
