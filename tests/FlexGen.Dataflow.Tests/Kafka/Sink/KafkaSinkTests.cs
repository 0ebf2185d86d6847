using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Kafka.Sink;

public sealed class KafkaSinkTests
{
    private readonly Assignment assignment = new("s");
    private readonly List<Record> delivered = [];

    [Fact]
    public async Task Nothing_is_committed_after_an_attempt_that_failed_for_good()
    {
        var writer = new TestWriter { OnCommit = _ => throw new PipelineException("no right to write") };
        var (sink, ledger, _) = KafkaSinks.Open(writer, delivered.Add);
        await using var closing = sink;
        var records = KafkaSinks.Read(assignment, 3);
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
        var (sink, ledger, _) = KafkaSinks.Open(writer, delivered.Add);
        await using var closing = sink;
        var records = KafkaSinks.Read(assignment, 2001);
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
        var committer = new RecordCommitter(records, KafkaSinks.Format, writer, new Positions(), TimeSpan.Zero, delivered.Add, NullLogger.Instance);
        var read = KafkaSinks.Read(assignment, 20);
        await records.ExpectAsync(read, CancellationToken.None);
        records.Finish(read);
        for (var n = 0; n < 30 && delivered.Count < read.Length; n++)
        {
            committer.TryWrite();
            committer.TryCommit();
        }

        Assert.Equal(read, delivered);
    }
}
