using FlexGen.Dataflow.Generation;
using FlexGen.Dataflow.Tests.Support;

namespace FlexGen.Dataflow.Tests;

public sealed class PipelineTests : IDisposable
{
    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task Each_row_reaches_the_output_once_with_its_columns()
    {
        place.WriteIds(25_000);
        var summary = await place.RunAsync(place.Options("Text: {{ text }}\nJSON:"));
        Assert.True(summary.Completed);
        Assert.Equal(25_000, summary.RecordsCompleted);
        place.AssertEachIdOnce(25_000);
        Assert.Equal(25_000, Duck.Count(
            $"SELECT count(*) FROM '{place.OutFiles}' WHERE output = 'Text: ' || text || chr(10) || 'JSON:' AND finish_reason = 'stop'"));
        Assert.Empty(place.Temporaries());
    }

    [Fact]
    public async Task Records_that_finish_out_of_order_are_sorted_in_each_row_group()
    {
        place.WriteIds(2_000);
        await place.RunAsync(place.Options(), new EchoGenerator(64, TimeSpan.FromMilliseconds(5), 1, TimeProvider.System));
        place.AssertEachIdOnce(2_000);
        Assert.Equal(Enumerable.Range(0, 2_000).Select(i => $"{i}"), Duck.Column($"SELECT id FROM '{place.OutFiles}'"));
    }

    [Fact]
    public async Task Rows_with_a_null_that_the_template_needs_go_to_the_dead_letter_with_reason_origin_and_columns()
    {
        place.WriteSource("SELECT i AS id, CASE WHEN i % 10 = 3 THEN NULL ELSE 'text' END AS text FROM range(100) t(i)");
        var summary = await place.RunAsync(place.Options());
        Assert.True(summary.Completed);
        Assert.Equal(90, summary.RecordsCompleted);
        Assert.Equal(10, summary.ErrorsByReason["null_value"]);
        place.AssertEachIdOnce(100);
        Assert.Equal(10, Duck.Count(
            $"SELECT count(*) FROM '{place.ErrorFiles}' WHERE error_reason = 'null_value' AND error LIKE '%''text''%' AND id % 10 = 3 "
            + "AND text IS NULL AND output IS NULL AND origin = 'a.parquet' AND origin_position = id"));
    }

    [Fact]
    public async Task What_the_generator_refuses_goes_to_the_dead_letter()
    {
        place.WriteIds(100);
        var generator = new TestGenerator
        {
            OnTokenize = text => text.EndsWith('7') ? throw new RecordException("prompt_too_long", "too long") : text,
            OnGenerate = text => text.EndsWith('8') ? throw new RecordException("odd", "odd") : text,
        };
        var summary = await place.RunAsync(place.Options(), generator);
        Assert.Equal(10, summary.ErrorsByReason["prompt_too_long"]);
        Assert.Equal(10, summary.ErrorsByReason["odd"]);
        place.AssertEachIdOnce(100);
    }

    [Fact]
    public async Task What_no_one_foresaw_about_one_record_is_its_dead_letter()
    {
        place.WriteIds(100);
        var generator = new TestGenerator { OnTokenize = text => text.EndsWith('7') ? throw new InvalidCastException($"odd {new string('x', 5_000)}") : text };
        var summary = await place.RunAsync(place.Options(), generator);
        Assert.True(summary.Completed);
        Assert.Equal(10, summary.ErrorsByReason["unexpected_error"]);
        place.AssertEachIdOnce(100);
        Assert.Equal(10, Duck.Count(
            $"SELECT count(*) FROM '{place.ErrorFiles}' WHERE error LIKE 'unexpected InvalidCastException when tokenising its prompt: odd xxx%' AND length(error) < 1100"));
    }

    [Fact]
    public async Task Running_out_of_memory_is_no_record_s_fault()
    {
        place.WriteIds(100);
        var generator = new TestGenerator { OnTokenize = text => text.EndsWith('7') ? throw new OutOfMemoryException() : text };
        await Assert.ThrowsAsync<PipelineException>(() => place.RunAsync(place.Options(), generator));
    }

    [Fact]
    public async Task An_output_that_is_not_whole_is_its_dead_letter_with_what_there_is_and_reasoning_is_a_column()
    {
        place.WriteIds(10);
        var options = place.Options();
        options.Output = new OutputOptions { Reasoning = true };
        var generator = new TestGenerator { Incomplete = text => text.EndsWith('7') ? "the output is not whole after 3 tokens." : null };
        await place.RunAsync(options, generator);
        Assert.Equal(
            ["7 output_incomplete text 7 the output is not whole after 3 tokens."],
            Duck.Column($"SELECT concat_ws(' ', id, error_reason, output, error) FROM '{place.ErrorFiles}'"));
        Assert.Equal(9, Duck.Count($"SELECT count(*) FROM '{place.OutFiles}' WHERE reasoning = 'about ' || text AND output = text"));
    }

    [Fact]
    public async Task A_number_of_any_size_is_judged_as_the_schema_says()
    {
        await File.WriteAllTextAsync(Path.Combine(place.Root, "schema.json"), """{"properties":{"n":{"type":["number","null"]}}}""");
        place.WriteSource("""SELECT * FROM (VALUES (0, '{"n":11111111111111111111}'), (1, '{"n":1e999999999999}'), (2, '{"n":"1"}')) t(id, text)""");
        var options = place.Options();
        options.Output = new OutputOptions { Schema = "schema.json" };
        await place.RunAsync(options);
        Assert.Equal(["0", "1"], Duck.Column($"SELECT id FROM '{place.OutFiles}' ORDER BY id"));
        Assert.Equal(["2"], Duck.Column($"SELECT id FROM '{place.ErrorFiles}' WHERE error_reason = 'schema_violation'"));
    }

    [Fact]
    public async Task Output_that_is_not_json_of_the_schema_goes_to_the_dead_letter_with_the_output()
    {
        await File.WriteAllTextAsync(Path.Combine(place.Root, "schema.json"), """{"type":"object","required":["a"]}""");
        place.WriteSource("""SELECT * FROM (VALUES (0, '{"a":1}'), (1, ' {"a":2} '), (2, '{"b":1}'), (3, '{"a":1} x'), (4, '{''a'':1}')) t(id, text)""");
        var options = place.Options();
        options.Output = new OutputOptions { Schema = "schema.json" };
        await place.RunAsync(options);
        Assert.Equal(["0", "1"], Duck.Column($"SELECT id FROM '{place.OutFiles}' ORDER BY id"));
        Assert.Equal(
            ["2 schema_violation", "3 invalid_json", "4 invalid_json"],
            Duck.Column($"SELECT id || ' ' || error_reason FROM '{place.ErrorFiles}' WHERE output = text ORDER BY id"));
    }

    [Fact]
    public async Task A_second_run_redoes_nothing()
    {
        place.WriteIds(1_000);
        await place.RunAsync(place.Options(maxRows: 300));
        var before = place.Parts();
        var summary = await place.RunAsync(place.Options(maxRows: 300));
        Assert.True(summary.Completed);
        Assert.Equal(1_000, summary.RecordsAlreadyDone);
        Assert.Equal(0, summary.RecordsCompleted);
        Assert.Equal(before, place.Parts());
    }

    [Fact]
    public async Task Files_added_to_the_source_are_all_that_a_later_run_reads()
    {
        place.WriteIds(500);
        await place.RunAsync(place.Options());
        place.WriteIds(500, "b.parquet", from: 500);
        var summary = await place.RunAsync(place.Options());
        Assert.Equal(500, summary.RecordsCompleted);
        place.AssertEachIdOnce(1_000);
    }

    [Fact]
    public async Task Part_files_roll_by_rows()
    {
        place.WriteIds(1_000);
        await place.RunAsync(place.Options(maxRows: 300));
        Assert.Equal(4, place.Parts().Length);
        place.AssertEachIdOnce(1_000);
    }

    [Fact]
    public async Task Part_files_roll_by_age()
    {
        place.WriteIds(200);
        var options = place.Options();
        options.Sink.Parquet!.MaxAge = TimeSpan.FromMilliseconds(1);
        await place.RunAsync(options, new EchoGenerator(2, TimeSpan.FromMilliseconds(4), 0, TimeProvider.System));
        Assert.True(place.Parts().Length > 1);
        place.AssertEachIdOnce(200);
    }

    [Fact]
    public async Task A_dataset_of_no_files_succeeds_and_writes_nothing()
    {
        var summary = await place.RunAsync(place.Options());
        Assert.True(summary.Completed);
        Assert.Empty(place.Parts());
    }

    [Fact]
    public async Task A_dataset_of_no_rows_gives_a_file_of_its_columns_once()
    {
        place.WriteSource("SELECT 1::BIGINT AS id, 'a' AS text WHERE false");
        for (var run = 0; run < 2; run++)
        {
            Assert.True((await place.RunAsync(place.Options())).Completed);
            Assert.Single(place.Parts());
        }

        Assert.Equal(0, Duck.Count($"SELECT count(*) FROM '{place.OutFiles}'"));
        Assert.Equal(
            ["id BIGINT", "text VARCHAR", "output VARCHAR", "finish_reason VARCHAR", "prompt_tokens INTEGER", "completion_tokens INTEGER"],
            Duck.Column($"SELECT column_name || ' ' || column_type FROM (DESCRIBE SELECT * FROM '{place.OutFiles}')"));
        place.WriteIds(10, "b.parquet");
        await place.RunAsync(place.Options());
        place.AssertEachIdOnce(10);
    }

    [Fact]
    public async Task A_stopped_run_commits_what_is_complete_and_the_next_one_does_the_rest()
    {
        place.WriteIds(300);
        long done = 0;
        for (var run = 0; run < 50 && done < 300; run++)
        {
            using var stop = new CancellationTokenSource();
            var left = 20;
            var generator = new TestGenerator { OnGenerate = text => Countdown(text) };
            var summary = await place.RunAsync(place.Options(), generator, stop: stop.Token);
            Assert.Equal(done, summary.RecordsAlreadyDone);
            done += summary.RecordsCompleted;
            Assert.Equal(done == 300, summary.Completed);

            string Countdown(string text)
            {
                if (Interlocked.Decrement(ref left) == 0)
                {
                    stop.Cancel();
                }

                return text;
            }
        }

        place.AssertEachIdOnce(300);
        Assert.Empty(place.Temporaries());
    }

    [Fact]
    public async Task A_generator_that_fails_ends_the_run_and_leaves_nothing_half_written()
    {
        place.WriteIds(5_000);
        var generator = new TestGenerator { OnGenerate = text => text == "text 3000" ? throw new InvalidDataException("broken") : text };
        var failure = await Assert.ThrowsAsync<PipelineException>(() => place.RunAsync(place.Options(maxRows: 500), generator));
        Assert.Contains("broken", failure.Message, StringComparison.Ordinal);
        Assert.Empty(place.Temporaries());
        await place.RunAsync(place.Options());
        place.AssertEachIdOnce(5_000);
    }

    [Fact]
    public async Task A_generator_that_gives_a_record_up_leaves_it_for_the_next_run()
    {
        place.WriteIds(100);
        var generator = new TestGenerator { OnGenerate = text => text == "text 7" ? throw new OperationCanceledException() : text };
        var summary = await place.RunAsync(place.Options(), generator);
        Assert.False(summary.Completed);
        Assert.Equal(99, summary.RecordsCompleted);
        Assert.True((await place.RunAsync(place.Options())).Completed);
        place.AssertEachIdOnce(100);
    }

    [Fact]
    public async Task Validating_says_what_there_is_and_writes_nothing()
    {
        place.WriteIds(100);
        var found = await Pipeline.ValidateAsync(
            place.Options(), place.Root, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, CancellationToken.None);
        Assert.Equal(100, found.TotalRecords);
        Assert.Equal(["id", "text"], found.Columns);
        Assert.False(Directory.Exists(place.Out));
    }
}
