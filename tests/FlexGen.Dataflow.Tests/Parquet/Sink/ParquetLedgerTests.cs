using Confluent.Kafka;
using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Kafka.Source;
using FlexGen.Dataflow.Parquet.Sink;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Parquet.Sink;

public sealed class ParquetLedgerTests : IDisposable
{
    private const string Stream = "t[0]";
    private readonly Workplace place = new();
    private readonly Disk disk = new();
    private readonly TopicSource source = new(Stream, "");
    private readonly Assignment assignment = new(Stream, new TopicPartition("t", 0));
    private readonly List<Record> delivered = [];

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task What_was_written_is_committed_when_partitions_are_given_up_and_nothing_is_taken_after_it()
    {
        var (sink, ledger, _) = await OpenAsync();
        await using var closing = sink;
        Record[] records = [Read(0), Read(1), Read(2)];
        await ledger.ExpectAsync(records, CancellationToken.None);
        await sink.WriteAsync(records[..1]);
        Assert.Empty(ledger.Done(Stream).Intervals);
        var writing = Task.CompletedTask;
        disk.OnSync = () =>
        {
            // What is taken behind the commit would be read again before it is done.
            Assert.True(assignment.IsLost);
            disk.OnSync = null;
            writing = sink.WriteAsync(records[1..2]).AsTask();
        };

        await ledger.ReleaseAsync([assignment]);
        await writing;
        Assert.Null(disk.OnSync);
        await sink.WriteAsync(records[2..]);
        await sink.CommitAsync();
        Assert.Equal([(0L, 1L)], ledger.Done(Stream).Intervals);
        Assert.Equal(records[..1], delivered);
        Assert.Single(place.Parts());
    }

    [Fact]
    public async Task What_cannot_be_committed_when_partitions_are_given_up_fails_the_next_calls_and_not_the_giving_up()
    {
        var (sink, ledger, _) = await OpenAsync();
        await using var closing = sink;
        var topics = Assert.IsAssignableFrom<ITopicLedger>(ledger);
        await sink.WriteAsync([Read(0)]);
        disk.OnSync = () => throw new IOException("no space");

        await ledger.ReleaseAsync([assignment]);
        Assert.True(assignment.IsLost);
        disk.OnSync = null;
        // Whether its record is in a part file no one knows: nothing may be committed after it.
        foreach (var call in new Func<ValueTask>[]
        {
            () => ledger.ExpectAsync([Read(1)], CancellationToken.None), () => sink.WriteAsync([Read(1)]), sink.CommitIfDueAsync, sink.CommitAsync,
            topics.CommitAsync, () => topics.BeginAsync(new Dictionary<string, long> { [Stream] = 1 }),
        })
        {
            var e = await Assert.ThrowsAsync<PipelineException>(async () => await call());
            Assert.Contains("no space", e.Message, StringComparison.Ordinal);
        }

        var other = new Assignment(TopicSource.OtherStream, new TopicPartition("other", 1));
        await ledger.ReleaseAsync([other]);
        Assert.True(other.IsLost);
        Assert.Empty(ledger.Done(Stream).Intervals);
        Assert.Empty(place.Parts());
    }

    [Fact]
    public async Task What_is_done_is_what_finished_part_files_of_either_folder_cover()
    {
        var (sink, ledger, _) = await OpenAsync();
        await using (sink)
        {
            var failed = Read(1);
            failed.Fail("odd", "odd");
            await sink.WriteAsync([Read(0), failed, Read(3)]);
            await Assert.IsAssignableFrom<ITopicLedger>(ledger).CommitAsync();
            ledger.Done(Stream).Add(5, 9);
            Assert.Equal([(0L, 2L), (3L, 4L)], ledger.Done(Stream).Intervals);
            await sink.WriteAsync([Read(2)]);
        }

        var (again, found, done) = await OpenAsync();
        await using var closing = again;
        Assert.Equal([(0L, 2L), (3L, 4L)], found.Done(Stream).Intervals);
        Assert.Equal(4, done[Stream].Count + delivered.Count(record => record.Position == 2));
    }

    [Fact]
    public async Task What_is_done_of_another_topic_of_the_name_is_not_said_of_one_that_came_later()
    {
        var (sink, _, _) = await OpenAsync("first");
        await using (sink)
        {
            await sink.WriteAsync([Read(0)]);
            await sink.CommitAsync();
        }

        var now = new TopicSource("u[0]", "second");
        var (again, ledger, _) = await Plan(now).OpenAsync(_ => { }, CancellationToken.None);
        await using var closing = again;
        Assert.Equal([(0L, 1L)], ledger.Done(Stream).Intervals);
        now.Add(Stream, "second");
        var e = Assert.Throws<PipelineException>(() => ledger.Done(Stream));
        Assert.Contains("second", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sink_that_cannot_note_a_moved_file_when_it_is_opened_leaves_nothing_half_written()
    {
        place.WriteIds(10);
        await place.RunAsync(place.Options());
        File.Move(Path.Combine(place.In, "a.parquet"), Path.Combine(place.In, "b.parquet"));
        disk.OnSync = () => throw new IOException("no space");
        var e = await Assert.ThrowsAsync<PipelineException>(() => place.OpenAsync(place.Options(), disk));
        Assert.Contains("no space", e.Message, StringComparison.Ordinal);
        Assert.Empty(place.Temporaries());
        Assert.Equal(10, (await place.RunAsync(place.Options())).RecordsAlreadyDone);
    }

    private Task<OpenedSink> OpenAsync(string identity = "") =>
        Plan(identity.Length == 0 ? source : new TopicSource(Stream, identity)).OpenAsync(delivered.Add, CancellationToken.None);

    private ParquetSinkPlan Plan(TopicSource from) => new(
        Layout(from, place.Out, AddedColumn.ToOutputs(fromMessages: false), isOutput: true),
        Layout(from, place.Errors, AddedColumn.ToDeadLetters(fromMessages: false), isOutput: false),
        disk, TimeProvider.System, NullLogger.Instance);

    private static ParquetSinkLayout Layout(TopicSource from, string folder, IReadOnlyList<AddedColumn> added, bool isOutput) =>
        new(folder, "p", new ParquetSinkOptions { Path = folder }, from.Schema, added, from, isOutput);

    private Record Read(long offset)
    {
        var record = new Record(assignment, offset, Rows.Empty, 0)
        {
            Message = new Message<byte[]?, byte[]?> { Value = "{\"text\": \"a\"}"u8.ToArray() },
            Completion = new Completion("x", "stop", 1, 1),
        };
        new MessageDecoder(source.Schema, isJson: true, 1000, []).Decode([record]);
        return record;
    }

    private sealed class Disk : FileOperations
    {
        public Action? OnSync { get; set; }

        public override void Sync(FileStream file)
        {
            OnSync?.Invoke();
            base.Sync(file);
        }
    }
}
