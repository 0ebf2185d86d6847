using System.Diagnostics;
using FlexGen.Dataflow.Tests.Support;

namespace FlexGen.Dataflow.Tests.Parquet.Sink;

public sealed class DiskFullTests
{
    [Fact]
    public async Task A_full_disk_ends_the_run_clearly_and_leaves_nothing_half_written()
    {
        using var place = new Workplace();
        Directory.CreateDirectory(place.Out);
        if (!Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place.Out))
        {
            Assert.Skip("a small file system cannot be mounted here: run as root to test a full disk.");
        }

        try
        {
            // Hashes do not compress: 20,000 texts of 64 characters are more than a megabyte.
            place.WriteSource("SELECT i AS id, sha256('' || i) AS text FROM range(20000) t(i)");
            var why = await place.RefusalAsync(place.Options(maxRows: 2_000));
            Assert.Contains(place.Out, why, StringComparison.Ordinal);
            Assert.Contains("No space left", why, StringComparison.OrdinalIgnoreCase);
            Assert.Empty(place.Temporaries());
            var finished = place.Parts();
            Assert.NotEmpty(finished);

            Assert.True(Run("mount", "-o", "remount,size=64m", place.Out));
            Assert.True((await place.RunAsync(place.Options(maxRows: 2_000))).Completed);
            place.AssertEachIdOnce(20_000);
            Assert.Equal(finished, place.Parts().Intersect(finished));
        }
        finally
        {
            Run("umount", place.Out);
        }
    }

    private static bool Run(string command, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
