using System.Runtime.InteropServices;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Parquet.Source;

namespace FlexGen.Dataflow.Tests.Files;

/// <summary>Which files a path names; they need not be Parquet files for that.</summary>
public sealed class ParquetPathTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("flexgen-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData("in", "a.parquet b.parq c.pq d.PARQUET s/e.parquet")]
    [InlineData("in/", "a.parquet b.parq c.pq d.PARQUET s/e.parquet")]
    [InlineData("in/a.parquet", "a.parquet")]
    [InlineData("in/part-00000", "part-00000")]
    [InlineData("in/*", "a.parquet b.parq c.pq d.PARQUET notes.txt part-00000")]
    [InlineData("in/part-*", "part-00000")]
    [InlineData("in/?.parquet", "a.parquet")]
    [InlineData("in/[a-b].par*", "a.parquet b.parq")]
    [InlineData("in/[]^a].par*", "a.parquet")]
    [InlineData("in/[!a].par*", "b.parq")]
    [InlineData("in/{a.parquet,c.pq}", "a.parquet c.pq")]
    [InlineData("in/{a,b}.{parquet,parq}", "a.parquet b.parq")]
    [InlineData("in/{s/,}*.parquet", "a.parquet s/e.parquet")]
    [InlineData("in/**/*.parquet", "a.parquet s/e.parquet")]
    [InlineData("in/**", "a.parquet b.parq c.pq d.PARQUET notes.txt part-00000 s/e.parquet")]
    [InlineData("in/s*/*.parquet", "s/e.parquet")]
    [InlineData("in/../in/{s,t}/e.parquet", "s/e.parquet")]
    [InlineData("in/_*", "_SUCCESS")]
    public void A_path_names_files(string path, string expected)
    {
        Write("in/a.parquet", "in/b.parq", "in/c.pq", "in/d.PARQUET", "in/part-00000", "in/notes.txt", "in/s/e.parquet");
        Write("in/_SUCCESS", "in/.hidden.parquet", "in/_temporary/f.parquet");
        Assert.Equal(expected.Split(' '), Files(path));
    }

    [Theory]
    [InlineData("in/*.nothing", "no file matches")]
    [InlineData("in/nowhere", "no file or folder")]
    [InlineData("in/{a,b", "is not closed by '}'")]
    [InlineData("in/[a", "is not closed by ']'")]
    [InlineData("in/[z-a].parquet", "is not a pattern")]
    [InlineData("in/{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}", "more than 1000")]
    public void A_path_that_names_none_is_refused(string path, string expected)
    {
        Write("in/a.parquet");
        Assert.Contains(expected, Assert.ThrowsAny<PipelineException>(() => Files(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_whose_name_has_wildcards_is_a_folder()
    {
        Write("in[1]/{x}/a.parquet", "in1/x/b.parquet");
        Assert.Equal(["a.parquet"], Files("in[1]/{x}/*.parquet"));
        Assert.Equal(["{x}/a.parquet"], Files("in[1]"));
    }

    [Fact]
    public void A_folder_that_is_named_as_a_file_is_read_as_a_dataset()
    {
        Write("hold/x.parquet/part-0.snappy.parquet", "hold/x.parquet/_SUCCESS", "hold/x.parquet/day=1/part-1.parquet", "hold/other/y.parquet");
        Assert.Equal(["x.parquet/day=1/part-1.parquet", "x.parquet/part-0.snappy.parquet"], Files("hold/*.parquet"));
    }

    [Theory]
    [InlineData("in")]
    [InlineData("in/**/*.parquet")]
    [InlineData("in/**")]
    public void A_link_to_a_folder_above_is_entered_no_more(string path)
    {
        Write("in/a.parquet", "in/s/b.parquet");
        Link("in/loop", ".");
        Link("in/loop2", ".");
        Link("in/s/up", "..");
        Assert.Equal(["a.parquet", "s/b.parquet"], Files(path));
    }

    [Theory]
    [InlineData("in", "real/a.parquet")]
    [InlineData("in/**/*.parquet", "real/a.parquet")]
    [InlineData("in/*/*.parquet", "real/a.parquet")]
    [InlineData("in/{alias,real}/*.parquet", "real/a.parquet")]
    [InlineData("in/alias/*.parquet", "a.parquet")]
    public void A_file_counts_once_under_its_own_name(string path, string expected)
    {
        Write("in/real/a.parquet");
        Link("in/alias", "real");
        Link("in/real/again.parquet", "a.parquet");
        Assert.Equal([expected], Files(path));
    }

    [Fact]
    public void A_file_of_two_names_counts_once()
    {
        Write("in/b.parquet");
        Assert.Equal(0, link(Path.Combine(root, "in/b.parquet"), Path.Combine(root, "in/c.parquet")));
        Assert.Equal(["b.parquet"], Files("in"));
    }

    [Fact]
    public void A_mounted_volume_and_a_cache_of_links_are_read()
    {
        Write("volume/..2026_01/a.parquet");
        Link("volume/..data", "..2026_01");
        Link("volume/a.parquet", "..data/a.parquet");
        Assert.Equal(["a.parquet"], Files("volume"));
        Assert.Equal(["a.parquet"], Files("volume/*.parquet"));

        Write("cache/blobs/0123abcd", "cache/refs/main");
        Link("cache/snapshots/r1/data/train.parquet", "../../../blobs/0123abcd");
        Link("cache/snapshots/r2/data/train.parquet", "../../../blobs/0123abcd");
        Assert.Equal(["data/train.parquet"], Files("cache/snapshots/r2"));
        Assert.Equal(["snapshots/r1/data/train.parquet"], Files("cache"));
    }

    [Theory]
    [InlineData("in")]
    [InlineData("in/*.parquet")]
    [InlineData("in/gone.parquet")]
    public void A_link_to_nothing_is_called_so(string path)
    {
        Write("in/a.parquet");
        Link("in/gone.parquet", "/nowhere/at/all");
        var why = Assert.Throws<PipelineException>(() => Files(path)).Message;
        Assert.Contains("gone.parquet is a link to /nowhere/at/all, where nothing is", why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_to_itself_and_a_pipe_are_called_so()
    {
        Link("in/a.parquet", "a.parquet");
        Assert.Contains("where nothing is", Assert.Throws<PipelineException>(() => Files("in")).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(root, "in/a.parquet"));
        Assert.Equal(0, mkfifo(Path.Combine(root, "in/b.parquet"), 0x180));
        Assert.Contains("neither a file nor a folder", Assert.Throws<PipelineException>(() => Files("in")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_walk_ends_when_it_is_told_to()
    {
        Write("in/a.parquet");
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => ParquetPath.Resolve("in", root, stop.Token));
    }

    [Theory]
    [InlineData("in", "in/out", true)]
    [InlineData("in", "elsewhere/in2/out", true)]
    [InlineData("in/*.parquet", "in", true)]
    [InlineData("in/*.parquet", "in/out", false)]
    [InlineData("in/*/*.parquet", "in/out", true)]
    [InlineData("in/s/a.parquet", "in/s", true)]
    [InlineData("in/s", "in/out", false)]
    [InlineData("in/s", "ins", false)]
    public void A_folder_is_the_sources_where_a_file_in_it_would_be(string path, string folder, bool expected)
    {
        Write("in/b.parquet", "in/s/a.parquet");
        Link("elsewhere/in2", "../in");
        var found = ParquetPath.Resolve(path, root, CancellationToken.None);
        Assert.Equal(expected, found.Walk.Reaches(Path.Combine(root, folder), "part-00000000.parquet"));
    }

    [Fact]
    public void A_file_without_permission_is_called_so() =>
        Assert.Contains("no permission", ParquetSourceFile.Explain(new UnauthorizedAccessException()), StringComparison.Ordinal);

    private IReadOnlyList<string> Files(string path) => ParquetPath.Resolve(path, root, CancellationToken.None).Files;

    private void Write(params string[] files)
    {
        foreach (var file in files)
        {
            File.WriteAllText(Made(file), "");
        }
    }

    private void Link(string name, string target) => File.CreateSymbolicLink(Made(name), target);

    private string Made(string name)
    {
        var path = Path.Combine(root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

#pragma warning disable SYSLIB1054, CA2101, IDE1006 // Two calls of the C library do not need unsafe code allowed in the project.
    [DllImport("libc")]
    private static extern int link([MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);

    [DllImport("libc")]
    private static extern int mkfifo([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mode);
#pragma warning restore SYSLIB1054, CA2101, IDE1006
}
