using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Parquet.Source;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Tests.Support;

namespace FlexGen.Dataflow.Tests.Kafka.Sink;

/// <summary>Positions of files in consumer groups, without brokers: a dictionary stands for the groups.</summary>
public sealed class FileGroupsTests : IDisposable
{
    private readonly Workplace place = new();
    private readonly Dictionary<string, (long Rows, long Mark)> groups = [];

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData("in/day1", "in")]
    [InlineData("in", "in/day1")]
    [InlineData("in/day1/*.parquet", "in/**/*.parquet")]
    public async Task Positions_are_found_however_the_path_is_written(string first, string second)
    {
        WriteDays();
        await CommitAsync(first, 1_500);
        var (_, before) = await FindAsync(first);
        var (files, after) = await FindAsync(second);
        foreach (var (stream, rows) in before.Where(file => file.Value > 0))
        {
            var path = (await OpenAsync(first))[stream].Path;
            Assert.All(files.Identities.Keys.Where(now => files[now].Path == path), now => Assert.Equal(rows, after[now]));
        }

        await CommitAsync(second, 2_000);
        Assert.All((await FindAsync("in/day1")).Rows.Values, rows => Assert.Equal(2_000, rows));
    }

    [Fact]
    public async Task Two_files_never_share_a_group()
    {
        WriteDays();
        await CommitAsync("in/day1", 1_000);
        await CommitAsync("in", 2_000);
        Assert.Equal(3, groups.Count);
        Assert.All((await FindAsync("in")).Rows.Values, rows => Assert.Equal(2_000, rows));
        Assert.Equal([2_000], (await FindAsync("in/day1")).Rows.Values);
    }

    [Fact]
    public async Task What_an_earlier_version_committed_is_gone_on_with()
    {
        WriteDays();
        var files = await OpenAsync("in");
        groups["day1/a.parquet"] = (700, PositionMark.Hash(files.Identities["day1/a.parquet"]));
        Assert.Equal(700, (await FindAsync("in")).Rows["day1/a.parquet"]);
        await CommitAsync("in", 900);
        Assert.Equal(900, (await FindAsync("in/day1")).Rows["a.parquet"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_changed_file_is_refused_and_a_copied_one_is_not(bool isChanged)
    {
        WriteDays();
        await CommitAsync("in", 2_000);
        var path = Path.Combine(place.In, "a.parquet");
        File.Copy(path, path + ".new");
        File.Move(path + ".new", path, overwrite: true);
        if (isChanged)
        {
            place.WriteIds(2_000, from: 1);
            Assert.Contains("a.parquet has changed", (await Assert.ThrowsAsync<PipelineException>(() => FindAsync("in"))).Message, StringComparison.Ordinal);
            return;
        }

        Assert.All((await FindAsync("in")).Rows.Values, rows => Assert.Equal(2_000, rows));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_was_moved_found_again_and_then_changed_is_refused(bool isWhole)
    {
        place.WriteIds(2_000);
        await CommitAsync("in", isWhole ? 2_000 : 1_000);
        Move("a.parquet", "day1/a.parquet");
        var (_, found) = await FindAsync("in", isValidated: true);
        Assert.Equal(isWhole ? 2_000 : 1_000, found["day1/a.parquet"]);
        Assert.Equal(["a.parquet"], groups.Keys);
        await FindAsync("in");
        Assert.Equal((0, 0), groups["a.parquet"]);
        Assert.Equal(found, (await FindAsync("in")).Rows);
        place.WriteIds(2_000, "day1/a.parquet", from: 1);
        Assert.Contains("day1/a.parquet has changed", (await Assert.ThrowsAsync<PipelineException>(() => FindAsync("in"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_file_of_the_name_that_a_moved_one_had_is_new_even_with_its_content()
    {
        place.WriteIds(2_000);
        await CommitAsync("in", 2_000);
        Move("a.parquet", "day1/a.parquet");
        await FindAsync("in");
        File.Copy(Path.Combine(place.In, "day1/a.parquet"), Path.Combine(place.In, "a.parquet"));
        var (_, rows) = await FindAsync("in");
        Assert.Equal((0, 2_000), (rows["a.parquet"], rows["day1/a.parquet"]));
        await CommitAsync("in", 2_000);
        Assert.Equal(["a.parquet", "day1/a.parquet"], groups.Keys.Order());
        Assert.All((await FindAsync("in")).Rows.Values, done => Assert.Equal(2_000, done));
    }

    [Fact]
    public async Task What_the_brokers_answer_is_said_as_it_is()
    {
        WriteDays();
        var asking = new FileGroups(await OpenAsync("in"), name => throw new PipelineException("no answer"));
        Assert.Equal("no answer", (await Assert.ThrowsAsync<PipelineException>(() => asking.FindAsync(CancellationToken.None))).Message);
    }

    [Fact]
    public async Task Rows_of_a_file_that_is_as_it_was_are_not_read_again_and_still_count()
    {
        place.WriteIds(6_000, options: ", ROW_GROUP_SIZE 2048");
        var time = new LaterTime();
        var first = await OpenAsync("in", time);
        var before = Groups(first);
        await before.FindAsync(CancellationToken.None);
        first["a.parquet"].Add(0, 7);
        groups["a.parquet"] = (1_000, before.MarkOf("a.parquet", 1_000));

        var second = await OpenAsync("in", time);
        var after = Groups(second);
        Assert.Equal(1_000, (await after.FindAsync(CancellationToken.None))["a.parquet"]);
        Assert.Empty(second["a.parquet"].Known);
        second["a.parquet"].Add(1, 8);
        first["a.parquet"].Add(1, 8);
        Assert.Equal(before.MarkOf("a.parquet", 4_000), after.MarkOf("a.parquet", 4_000));
        first["a.parquet"].Add(1, 9);
        Assert.NotEqual(before.MarkOf("a.parquet", 4_000), after.MarkOf("a.parquet", 4_000));
    }

    private void WriteDays()
    {
        foreach (var (i, day) in new[] { "", "day1/", "day2/" }.Index())
        {
            Directory.CreateDirectory(Path.Combine(place.In, day));
            place.WriteIds(2_000, $"{day}a.parquet", from: 2_000 * i);
        }
    }

    private async Task<SourceFiles> OpenAsync(string path, TimeProvider? time = null)
    {
        await using var source = await ParquetSource.OpenAsync(new ParquetSourceOptions { Path = path }, place.Root, time ?? TimeProvider.System, CancellationToken.None);
        return source.Files;
    }

    private void Move(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(place.In, to))!);
        File.Move(Path.Combine(place.In, from), Path.Combine(place.In, to));
    }

    private async Task<(SourceFiles Files, IReadOnlyDictionary<string, long> Rows)> FindAsync(string path, bool isValidated = false)
    {
        var files = await OpenAsync(path);
        var found = Groups(files);
        var rows = await found.FindAsync(CancellationToken.None);
        if (!isValidated)
        {
            CommitMoves(found);
        }

        return (files, rows);
    }

    private void CommitMoves(FileGroups found)
    {
        foreach (var (name, position) in found.Moved)
        {
            groups[name] = position;
        }
    }

    /// <summary>Commits that so many rows of each file are done.</summary>
    private async Task CommitAsync(string path, long rows)
    {
        var files = await OpenAsync(path);
        var found = Groups(files);
        await found.FindAsync(CancellationToken.None);
        CommitMoves(found);
        var done = new IntervalSet();
        done.Add(0, rows);
        foreach (var stream in files.Identities.Keys)
        {
            await files.HashAsync(stream, done, CancellationToken.None);
            groups[found.NameOf(stream)] = (rows, found.MarkOf(stream, rows));
        }
    }

    private FileGroups Groups(SourceFiles files) => new(files, name => groups.GetValueOrDefault(name));
}
