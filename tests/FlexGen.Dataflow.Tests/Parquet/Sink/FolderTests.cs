using System.Globalization;
using FlexGen.Dataflow.Tests.Files;
using FlexGen.Dataflow.Tests.Support;

namespace FlexGen.Dataflow.Tests.Parquet.Sink;

public sealed class FolderTests : IDisposable
{
    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData("out", "errors2")]
    [InlineData("out2", "errors")]
    [InlineData("errors", "out")]
    public async Task A_second_pipeline_on_a_folder_is_refused_and_told_who_has_it(string output, string deadLetter)
    {
        place.WriteIds(10);
        await using (await place.OpenAsync(place.Options()))
        {
            var second = place.Options();
            second.Sink.Parquet!.Path = output;
            second.DeadLetter.Parquet!.Path = deadLetter;
            var why = await place.RefusalAsync(second);
            Assert.Contains("in use", why, StringComparison.Ordinal);
            Assert.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), why, StringComparison.Ordinal);
        }

        Assert.True((await place.RunAsync(place.Options())).Completed);
    }

    [Theory]
    [InlineData(".flexgen.pid")]
    [InlineData(".flexgen.lock")]
    public async Task A_link_in_the_place_of_a_file_that_is_written_is_refused_and_what_it_leads_to_stays(string name)
    {
        place.WriteIds(10);
        Directory.CreateDirectory(place.Out);
        var foreign = Path.Combine(place.Root, "foreign");
        File.WriteAllText(foreign, "text");
        var planted = Path.Combine(place.Out, name);
        File.CreateSymbolicLink(planted, foreign);
        Assert.Contains($"{name} is a link", await place.RefusalAsync(place.Options()), StringComparison.Ordinal);
        File.Delete(planted);
        RegularFileTests.Pipe(planted);
        Assert.Contains($"{name} is a named pipe", await place.RefusalAsync(place.Options()), StringComparison.Ordinal);
        File.Delete(planted);
        Assert.True((await place.RunAsync(place.Options())).Completed);
        Assert.Equal("text", File.ReadAllText(foreign));
    }

    [Fact]
    public async Task A_pipe_in_the_place_of_a_part_file_or_a_schema_is_refused()
    {
        place.WriteIds(10);
        Directory.CreateDirectory(place.Out);
        var pipe = Path.Combine(place.Out, "part.parquet");
        RegularFileTests.Pipe(pipe);
        Assert.Contains("part.parquet is a named pipe", await place.RefusalAsync(place.Options()), StringComparison.Ordinal);
        File.Delete(pipe);
        RegularFileTests.Pipe(Path.Combine(place.Root, "schema"));
        var options = place.Options();
        options.Output = new OutputOptions { Schema = "schema" };
        Assert.Contains("schema is a named pipe", await place.RefusalAsync(options), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_changed_between_runs_is_refused()
    {
        place.WriteIds(10);
        await place.RunAsync(place.Options());
        place.WriteIds(11);
        Assert.Contains("a.parquet has changed", await place.RefusalAsync(place.Options()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_pipelines_folder_is_refused()
    {
        place.WriteIds(10);
        await place.RunAsync(place.Options());
        var other = place.Options();
        other.Name = "other";
        Assert.Contains("'test'", await place.RefusalAsync(other), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_with_files_that_no_pipeline_wrote_is_refused()
    {
        place.WriteIds(10);
        Directory.CreateDirectory(place.Out);
        Duck.Write("SELECT 1 AS id", Path.Combine(place.Out, "mine.parquet"));
        Assert.Contains("mine.parquet", await place.RefusalAsync(place.Options()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_columns_than_before_are_refused()
    {
        place.WriteIds(10);
        await place.RunAsync(place.Options());
        var other = place.Options();
        other.Source.Parquet!.Columns = ["text"];
        Assert.Contains("columns", await place.RefusalAsync(other), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_in_the_output_folder_or_one_folder_for_both_ends_is_refused()
    {
        place.WriteIds(10);
        var intoSource = place.Options();
        foreach (var folder in new[] { "in", "in/out" })
        {
            intoSource.Sink.Parquet!.Path = folder;
            Assert.Contains("choose another folder", await place.RefusalAsync(intoSource), StringComparison.Ordinal);
        }

        var both = place.Options();
        both.DeadLetter.Parquet!.Path = "out/";
        Assert.Contains("folders of their own", await place.RefusalAsync(both), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Part_files_sort_in_the_order_of_their_creation_over_restarts()
    {
        for (var run = 0; run < 3; run++)
        {
            place.WriteIds(100, $"{run}.parquet", from: 100 * run);
            await place.RunAsync(place.Options(maxRows: 40));
        }

        Assert.Equal(
            Enumerable.Range(0, 300).Select(i => $"{i / 100}"),
            Duck.Column($"SELECT id // 100 FROM read_parquet('{place.OutFiles}', filename = true) ORDER BY filename"));
    }
}
