using System.Diagnostics;
using FlexGen.Files;

namespace FlexGen.Dataflow.Tests.Files;

public sealed class RegularFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-").FullName;

    private string Own => Path.Combine(folder, "own");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_pipe_a_folder_a_device_and_nothing_are_no_files()
    {
        Pipe(Own);
        Refused<IOException>(Own, "a named pipe");
        Refused<IOException>(folder, "a folder");
        Refused<IOException>("/dev/zero", "a device");
        Refused<FileNotFoundException>(Path.Combine(folder, "absent"), "absent");
        Refused<DirectoryNotFoundException>(Path.Combine(folder, "no/absent"), "no folder");
        Assert.Contains("a named pipe", Assert.Throws<IOException>(() => RegularFile.OpenOwn(Own)).Message, StringComparison.Ordinal);

        static void Refused<T>(string path, string part)
            where T : Exception => Assert.Contains(part, Assert.Throws<T>(() => RegularFile.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_read_through_links_and_up_to_a_size()
    {
        File.WriteAllText(Path.Combine(folder, "blob"), "text");
        File.CreateSymbolicLink(Own, "blob");
        Assert.Equal("text"u8, RegularFile.ReadAll(Own, 4));
        Assert.Contains("more than the 3 bytes", Assert.Throws<IOException>(() => RegularFile.ReadAll(Own, 3)).Message, StringComparison.Ordinal);
        // It says that it is empty.
        Assert.NotEmpty(RegularFile.ReadAll("/proc/self/cmdline", 1 << 20));
    }

    [Theory]
    [InlineData("-s", "is a link")]
    [InlineData("", "a hard link")]
    public void Nothing_is_written_through_a_link(string kind, string part)
    {
        var foreign = Path.Combine(folder, "foreign");
        File.WriteAllText(foreign, "text");
        Run("ln", [.. new[] { kind, foreign, Own }.Where(word => word.Length > 0)]);
        Assert.Contains(part, Assert.Throws<IOException>(() => RegularFile.WriteAll(Own, "mine"u8)).Message, StringComparison.Ordinal);
        Assert.Equal("text", File.ReadAllText(foreign));
        File.Delete(Own);
        RegularFile.WriteAll(Own, "mine or not"u8);
        RegularFile.WriteAll(Own, "mine"u8);
        Assert.Equal("mine", File.ReadAllText(Own));
    }

    [Fact]
    public void Nothing_is_written_into_another_users_file()
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can give files away");
        File.WriteAllText(Own, "text");
        Run("chown", Own, "1");
        Assert.Contains("another user (1)", Assert.Throws<IOException>(() => RegularFile.WriteAll(Own, "mine"u8)).Message, StringComparison.Ordinal);
        Assert.Equal("text", File.ReadAllText(Own));
        // In a folder of that user's there is nothing to guard.
        Run("chown", folder, "1");
        RegularFile.WriteAll(Own, "mine"u8);
        Assert.Equal("mine", File.ReadAllText(Own));

        static void Run(string program, string path, string owner) => RegularFileTests.Run(program, owner, path);
    }

    internal static void Pipe(string path) => Run("mkfifo", path);

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
