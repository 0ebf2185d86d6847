using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace FlexGen.Dataflow.Tests.Parquet.Source;

/// <summary>A file is known by its content, and its content by more than its footer.</summary>
public sealed class SourceIdentityTests : IDisposable
{
    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_rewritten_with_the_same_size_and_footer_is_refused(bool keepsTime)
    {
        WriteTwin(5);
        var before = await File.ReadAllBytesAsync(At("in/a.parquet"));
        await place.RunAsync(place.Options());
        var time = File.GetLastWriteTimeUtc(At("in/a.parquet"));
        WriteTwin(6);
        Assert.True(IsTwin(before, await File.ReadAllBytesAsync(At("in/a.parquet"))));
        if (keepsTime)
        {
            File.SetLastWriteTimeUtc(At("in/a.parquet"), time);
        }

        var why = await place.RefusalAsync(place.Options());
        Assert.Contains("a.parquet has changed", why, StringComparison.Ordinal);
        Assert.Contains("values are not", why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(7_000)]
    public async Task A_file_rewritten_after_half_of_it_was_done_never_mixes_with_what_it_was(int changed)
    {
        WriteTwin(5, row: changed);
        using var stop = new CancellationTokenSource();
        var left = 3_000;
        var generator = new TestGenerator
        {
            OnGenerate = text =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                {
                    stop.Cancel();
                }

                return text;
            },
        };
        await place.RunAsync(place.Options(), generator, stop: stop.Token);
        WriteTwin(6, row: changed);
        if (changed < 2048)
        {
            Assert.Contains("a.parquet has changed", await place.RefusalAsync(place.Options()), StringComparison.Ordinal);
            return;
        }
        // What was done is the same in both.
        Assert.True((await place.RunAsync(place.Options())).Completed);
        place.AssertEachIdOnce(10_000);
        Assert.Equal(["6"], Duck.Column($"SELECT n FROM '{place.OutFiles}' WHERE id = {changed}"));
    }

    [Fact]
    public async Task A_file_of_which_something_was_read_and_is_rewritten_ends_the_run()
    {
        WriteTwin(5, row: 100);
        var isWritten = false;
        var generator = new TestGenerator
        {
            OnGenerate = text =>
            {
                if (!isWritten)
                {
                    isWritten = true;
                    WriteTwin(6, "b.tmp", row: 100);
                    var other = File.ReadAllBytes(At("in/b.tmp"));
                    using var file = new FileStream(At("in/a.parquet"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
                    file.Write(other);
                }

                return text;
            },
        };
        var failure = await Assert.ThrowsAsync<PipelineException>(() => place.RunAsync(place.Options(), generator));
        Assert.Contains("a.parquet has changed", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_was_copied_touched_or_protected_is_the_same()
    {
        place.WriteIds(5_000, options: ", ROW_GROUP_SIZE 2048");
        await place.RunAsync(place.Options());
        File.Copy(At("in/a.parquet"), At("copy"));
        File.Move(At("copy"), At("in/a.parquet"), overwrite: true);
        await ExpectDoneAsync("in");
        File.SetLastWriteTimeUtc(At("in/a.parquet"), DateTime.UtcNow.AddDays(-3));
        await ExpectDoneAsync("in");
        new FileInfo(At("in/a.parquet")).IsReadOnly = true;
        await ExpectDoneAsync("in");
    }

    [Fact]
    public async Task What_the_file_system_says_is_believed_once_it_proves_something()
    {
        place.WriteIds(100);
        var later = new LaterTime();
        await place.RunAsync(place.Options(), time: later);
        var state = FileState.Of(At("in/a.parquet"));
        Assert.Null(state.Mark(DateTimeOffset.UtcNow));
        Assert.Equal([state.Mark(later.GetUtcNow())], Duck.Column(
            $"SELECT json_extract_string(decode(value), '$.Content.\"a.parquet\".State') FROM parquet_kv_metadata('{place.OutFiles}') WHERE decode(key) = 'flexgen.part'"));
    }

    [Theory]
    [InlineData("in/day1/*.parquet", "in/**/*.parquet")]
    [InlineData("in/**/*.parquet", "in/day1/*.parquet")]
    [InlineData("in/day1", "in")]
    [InlineData("in", "in/day1")]
    [InlineData("in/day1/a.parquet", "in/{day1,day2}/*")]
    [InlineData("in/day1", "alias")]
    [InlineData("alias", "in")]
    [InlineData("in/day1", "moved/here")]
    public async Task A_file_is_the_same_however_the_path_is_written(string first, string second)
    {
        Directory.CreateDirectory(At("in/day1"));
        Directory.CreateDirectory(At("in/day2"));
        Directory.CreateDirectory(At("moved/here"));
        File.CreateSymbolicLink(At("alias"), "in/day1");
        place.WriteIds(1_000, "day1/a.parquet");
        place.WriteIds(1_000, "day2/a.parquet", from: 1_000);
        place.WriteIds(1_000, "a.parquet", from: 2_000);
        File.Copy(At("in/day1/a.parquet"), At("moved/here/b.parquet"));
        await RunAsync(first);
        await RunAsync(second);
        Assert.Equal(0, Duck.Count($"SELECT count(*) - count(DISTINCT id) FROM '{place.OutFiles}'"));
        Assert.Equal(1_000, Duck.Count($"SELECT count(*) FROM '{place.OutFiles}' WHERE id < 1000"));
        await RunAsync("in");
        place.AssertEachIdOnce(3_000);
        await ExpectDoneAsync("in");
        await ExpectDoneAsync(first, isNoted: first is not ("in" or "in/**/*.parquet"));
        await ExpectDoneAsync(first);
    }

    [Fact]
    public async Task Files_of_equal_footers_are_told_apart_by_their_pages()
    {
        Directory.CreateDirectory(At("in/day1"));
        Directory.CreateDirectory(At("in/day2"));
        WriteTwin(5, "day1/a.parquet");
        WriteTwin(6, "day2/a.parquet");
        await RunAsync("in/day2");
        await RunAsync("in");
        Assert.Equal(["5", "6"], Duck.Column($"SELECT n FROM '{place.OutFiles}' WHERE id = 7000 ORDER BY n"));
        Assert.Equal(20_000, Duck.Count($"SELECT count(*) FROM '{place.OutFiles}'"));
    }

    [Fact]
    public async Task Two_files_of_equal_content_are_two_files_and_stay_so()
    {
        place.WriteIds(1_000);
        File.Copy(At("in/a.parquet"), At("in/b.parquet"));
        await RunAsync("in/*.parquet");
        Directory.CreateDirectory(At("in2/s"));
        File.Move(At("in/a.parquet"), At("in2/s/x.parquet"));
        File.Move(At("in/b.parquet"), At("in2/s/y.parquet"));
        File.Copy(At("in2/s/x.parquet"), At("in2/s/z.parquet"));
        await RunAsync("in2");
        Assert.Equal(3_000, Duck.Count($"SELECT count(*) FROM '{place.OutFiles}'"));
        await ExpectDoneAsync("in2/s", isNoted: true);
        await ExpectDoneAsync("in2/s");
    }

    [Theory]
    [InlineData(true, 1_000, true)]
    [InlineData(false, 1_000, true)]
    [InlineData(true, 400, true)]
    [InlineData(true, 1_000, false)]
    public async Task A_file_that_was_moved_found_again_and_then_changed_is_refused(bool isTwin, int done, bool isCommitted)
    {
        WriteTwin(5, row: 100);
        await RunAsync("in", stopAfter: done == 1_000 ? int.MaxValue : done);
        File.Move(At("in/a.parquet"), At("in/b.parquet"));
        if (isCommitted)
        {
            await RunAsync("in", stopAfter: 0);
        }
        else
        {
            // Dies before anything else is written.
            await (await place.OpenAsync(place.Options())).DisposeAsync();
        }

        if (isTwin)
        {
            WriteTwin(6, "b.parquet", row: 100);
        }
        else
        {
            WriteTwin(500, "b.parquet", row: 100);
        }

        var before = place.Parts();
        var why = await place.RefusalAsync(place.Options());
        Assert.Contains("the source file b.parquet has changed", why, StringComparison.Ordinal);
        Assert.Contains(isTwin ? "values are not" : "it is", why, StringComparison.Ordinal);
        Assert.Equal(before, place.Parts());
    }

    [Fact]
    public async Task A_move_is_noted_once_and_not_by_validating()
    {
        place.WriteIds(1_000);
        await place.RunAsync(place.Options());
        File.Move(At("in/a.parquet"), At("in/b.parquet"));
        var before = place.Parts();
        Assert.Equal(1_000, (await Pipeline.ValidateAsync(place.Options(), place.Root, NullLoggerFactory.Instance, CancellationToken.None)).RecordsAlreadyDone);
        Assert.Equal(before, place.Parts());
        await place.RunAsync(place.Options());
        Assert.Single(place.Parts().Except(before));
        await ExpectDoneAsync("in");
        // Another file of the name that it had, and back again.
        place.WriteIds(500, from: 1_000);
        await place.RunAsync(place.Options());
        place.AssertEachIdOnce(1_500);
        File.Move(At("in/a.parquet"), At("in/c.parquet"));
        File.Move(At("in/b.parquet"), At("in/a.parquet"));
        await place.RunAsync(place.Options());
        place.AssertEachIdOnce(1_500);
        await ExpectDoneAsync("in");
        place.WriteIds(400, "a.parquet");
        Assert.Contains("the source file a.parquet has changed", await place.RefusalAsync(place.Options()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_seen_of_a_moved_file_is_believed_as_it_is_of_others()
    {
        place.WriteIds(100);
        var later = new LaterTime();
        await place.RunAsync(place.Options(), time: later);
        File.Move(At("in/a.parquet"), At("in/b.parquet"));
        await place.RunAsync(place.Options(), time: later);
        Assert.Equal([FileState.Of(At("in/b.parquet")).Mark(later.GetUtcNow())], Duck.Column(
            $"SELECT json_extract_string(decode(value), '$.Moves[0].State') FROM parquet_kv_metadata('{Path.Combine(place.Out, "part-00000001.parquet")}') "
            + "WHERE decode(key) = 'flexgen.part'"));
    }

    [Fact]
    public async Task A_file_of_another_folder_and_the_same_name_is_refused_with_what_to_do()
    {
        Directory.CreateDirectory(At("in/day1"));
        Directory.CreateDirectory(At("in/day2"));
        place.WriteIds(100, "day1/a.parquet");
        place.WriteIds(100, "day2/a.parquet", from: 1_000);
        await RunAsync("in/day1");
        var options = place.Options();
        options.Source.Parquet!.Path = "in/day2";
        Assert.Contains("name a folder above both", await place.RefusalAsync(options), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_earlier_version_wrote_is_gone_on_with()
    {
        place.WriteIds(1_000);
        using var stop = new CancellationTokenSource();
        await place.RunAsync(place.Options());
        // As it was: without the content.
        var part = Directory.GetFiles(place.Out, "*.parquet").Single();
        var footer = Duck.Column($"SELECT decode(value) FROM parquet_kv_metadata('{part}') WHERE decode(key) = 'flexgen.part'")[0]!;
        var old = footer[..footer.IndexOf(",\"Content\"", StringComparison.Ordinal)] + "}";
        Duck.Write($"SELECT * FROM '{part}'", part + ".old", $", KV_METADATA {{'flexgen.part': '{old}'}}");
        File.Move(part + ".old", part, overwrite: true);
        await ExpectDoneAsync("in");
        place.WriteIds(1_001);
        Assert.Contains("a.parquet has changed", await place.RefusalAsync(place.Options()), StringComparison.Ordinal);
    }

    private async Task<PipelineSummary> RunAsync(string path, int stopAfter = int.MaxValue)
    {
        var options = place.Options();
        options.Source.Parquet!.Path = path;
        using var stop = new CancellationTokenSource();
        var left = stopAfter;
        if (left == 0)
        {
            await stop.CancelAsync();
        }

        return await place.RunAsync(
            options, new TestGenerator { OnGenerate = text => Interlocked.Decrement(ref left) == 0 ? Stop(text) : text }, stop: stop.Token);

        string Stop(string text)
        {
            stop.Cancel();
            return text;
        }
    }

    private async Task ExpectDoneAsync(string path, bool isNoted = false)
    {
        var before = place.Parts();
        var summary = await RunAsync(path);
        Assert.True(summary.Completed);
        Assert.Equal(0, summary.RecordsCompleted);
        // Where files got other names that is in a part file without rows.
        Assert.Equal(isNoted ? 1 : 0, place.Parts().Except(before).Count());
        Assert.Empty(before.Except(place.Parts()));
    }

    // Statistics, sizes and so the footer are the same whatever the one number is.
    private void WriteTwin(int number, string name = "a.parquet", int row = 7_000) => place.WriteSource(
        $"SELECT i AS id, 'text' AS text, CASE WHEN i = {row} THEN {number} ELSE i % 100 END AS n FROM range(10000) t(i)",
        name,
        ", ROW_GROUP_SIZE 2048, COMPRESSION uncompressed");

    private static bool IsTwin(byte[] a, byte[] b)
    {
        var footer = BitConverter.ToInt32(a, a.Length - 8) + 8;
        return a.Length == b.Length && !a.AsSpan().SequenceEqual(b) && a.AsSpan(^footer..).SequenceEqual(b.AsSpan(^footer..));
    }

    private string At(string path) => Path.Combine(place.Root, path);
}
