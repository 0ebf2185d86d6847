using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Kafka.Sink;

public sealed class KafkaSinkTests
{
    private static readonly ResultFormat format = new("results", "dead", new RecordJson(RowSchema.Empty, isJson: true, isWhole: true));
    private readonly Assignment assignment = new("s");
    private readonly List<Record> delivered = [];

    [Fact]
    public async Task Nothing_is_committed_after_an_attempt_that_failed_for_good()
    {
        var writer = new TestWriter { OnCommit = _ => throw new PipelineException("no right to write") };
        var (sink, ledger, _) = Open(writer, TimeSpan.FromHours(1));
        await using var closing = sink;
        var records = Read(3);
        await ledger.ExpectAsync(records, CancellationToken.None);
        await sink.WriteAsync(records[..1]);
        await Assert.ThrowsAsync<PipelineException>(async () => await sink.CommitAsync());
        writer.OnCommit = _ => CommitOutcome.Committed;
        await Assert.ThrowsAsync<PipelineException>(async () => await sink.WriteAsync(records[1..2]));
        await Assert.ThrowsAsync<PipelineException>(async () => await sink.CommitAsync());
        await ledger.ReleaseAsync([assignment]);
        Assert.Equal(1, writer.Commits);
        Assert.Empty(delivered);
    }

    [Fact]
    public async Task A_late_commit_s_transaction_is_not_begun_early()
    {
        var writer = new TestWriter();
        var (sink, ledger, _) = Open(writer, TimeSpan.FromHours(1));
        await using var closing = sink;
        var records = Read(2001);
        await ledger.ExpectAsync(records, CancellationToken.None);
        await sink.WriteAsync(records[..2000]);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.Equal(0, writer.Written);
        await sink.WriteAsync(records[2000..]);
        await sink.CommitAsync();
        Assert.Equal(records, delivered);
    }

    [Fact]
    public async Task What_can_only_be_written_in_part_is_written_in_smaller_parts()
    {
        var records = new UncommittedRecords(100, 100, long.MaxValue);
        var writer = new TestWriter { Most = 3 };
        var committer = new RecordCommitter(records, format, writer, new Positions(), TimeSpan.Zero, delivered.Add, NullLogger.Instance);
        var read = Read(20);
        await records.ExpectAsync(read, CancellationToken.None);
        records.Finish(read);
        for (var n = 0; n < 30 && delivered.Count < read.Length; n++)
        {
            committer.TryWrite();
            committer.TryCommit();
        }

        Assert.Equal(read, delivered);
    }

    private OpenedSink Open(TestWriter writer, TimeSpan interval) =>
        KafkaSink.Open(new KafkaSinkOptions { CommitInterval = interval }, format, writer, new Positions(), new Coverage(), delivered.Add, NullLogger.Instance);

    private Record[] Read(int count) => [.. Enumerable.Range(0, count).Select(n =>
    {
        var record = new Record(assignment, n, Rows.Empty, 0) { Message = new() { Value = "{}"u8.ToArray() }, Completion = new("x", "stop", 1, 1) };
        format.Encode(record);
        return record;
    })];
}
