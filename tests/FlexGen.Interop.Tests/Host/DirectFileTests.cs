using System.Runtime.InteropServices;

namespace FlexGen.Interop.Tests.Host;

/// <summary>The process's limit of open files is lowered here: no other tests run beside these.</summary>
[CollectionDefinition(nameof(DirectFileTests), DisableParallelization = true)]
[Collection(nameof(DirectFileTests))]
public sealed partial class DirectFileTests : IDisposable
{
    private const int OpenFiles = 7;
    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-").FullName;

    public void Dispose() => Directory.Delete(folder);

    [Fact]
    public unsafe void What_is_written_past_the_page_cache_is_read_back_and_nothing_keeps_a_name()
    {
        const int Bytes = 12 << 20;
        var before = DirectFile.ReservedBytes;
        using (var file = new DirectFile(folder, Bytes))
        using (var memory = new HostMemory(Bytes, pinned: false))
        {
            var bytes = new Span<byte>((void*)memory.Address, Bytes);
            new Random(1).NextBytes(bytes);
            var expected = bytes.ToArray();
            file.Write(0, memory.Address, Bytes);
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
            bytes.Clear();
            file.Read(DirectFile.Alignment, memory.Address, Bytes - DirectFile.Alignment);
            Assert.True(bytes[..^DirectFile.Alignment].SequenceEqual(expected.AsSpan(DirectFile.Alignment)));
            Assert.Equal(before + Bytes, DirectFile.ReservedBytes);
        }

        Assert.Equal(before, DirectFile.ReservedBytes);
    }

    [Fact]
    public void A_folder_that_cannot_take_a_file_is_named()
    {
        var message = Assert.Throws<ScratchFileException>(() => new DirectFile("/proc/self", 0)).Message;
        Assert.Contains("/proc/self: a scratch file could not be opened (errno ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_a_file_or_cannot_be_made_is_named()
    {
        var file = Path.Combine(folder, "file");
        File.WriteAllText(file, "");
        Assert.StartsWith($"{file}: is a file, and scratch files need a folder", Assert.Throws<ScratchFileException>(() => new DirectFile(file, 0)).Message, StringComparison.Ordinal);
        File.Delete(file);
        Assert.StartsWith("/proc/x: the folder for scratch files cannot be made (", Assert.Throws<ScratchFileException>(() => new DirectFile("/proc/x", 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_system_in_memory_is_known_by_its_name()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "NOT TESTED: there is no /dev/shm");
        Assert.Equal("tmpfs", DirectFile.InMemory("/dev/shm/not/there"));
        Assert.Null(DirectFile.InMemory("/proc"));
    }

    [Fact]
    public void Too_many_open_files_are_named_with_the_limit_to_raise()
    {
        // What throwing takes is loaded before there is no room to open it.
        Assert.Throws<ScratchFileException>(() => new DirectFile("/proc/self", 0));
        Assert.Equal(0, GetLimit(OpenFiles, out var limit));
        Assert.Equal(0, SetLimit(OpenFiles, limit with { Now = 3 }));
        var exception = Record.Exception(() => new DirectFile(folder, 0));
        Assert.Equal(0, SetLimit(OpenFiles, limit));
        Assert.Contains("(errno 24, Too many open files); the process has as many files open as it may: raise that limit with ulimit -n", Assert.IsType<ScratchFileException>(exception).Message, StringComparison.Ordinal);
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limit limit);

    private readonly record struct Limit(ulong Now, ulong Most);

    [Fact]
    public void A_folders_device_is_what_is_mounted_there_also_where_the_folder_is_not_yet()
    {
        Assert.Equal("proc (proc)", DirectFile.DeviceOf("/proc"));
        Assert.Equal("proc (proc)", DirectFile.DeviceOf("/proc/nowhere/at/all"));
        Assert.Matches(@"^\S.* \(\S+\)$", DirectFile.DeviceOf("/"));
        Assert.DoesNotContain("proc", DirectFile.DeviceOf("/process"), StringComparison.Ordinal);
    }
}
