using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Tests.Support;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Kafka.Sink;

public sealed class KafkaLedgerTests
{
    private readonly Assignment assignment = new("s");
    private readonly Assignment kept = new("kept");
    private readonly List<Record> delivered = [];

    [Fact]
    public async Task What_is_ready_is_committed_when_partitions_are_given_up_and_the_rest_is_not_taken()
    {
        var (sink, ledger, _) = Open(new TestWriter());
        await using var closing = sink;
        var records = KafkaSinks.Read(assignment, 3);
        var others = KafkaSinks.Read(kept, 2);
        await ledger.ExpectAsync(records, CancellationToken.None);
        await ledger.ExpectAsync(others, CancellationToken.None);
        await sink.WriteAsync([records[0], records[2]]);

        await ledger.ReleaseAsync([assignment]);
        Assert.Equal(records[..1], delivered);
        Assert.True(assignment.IsLost);
        Assert.False(kept.IsLost);
        await sink.WriteAsync([records[1], .. others]);
        await ledger.ExpectAsync(KafkaSinks.Read(assignment, 1), CancellationToken.None);
        await sink.CommitAsync();
        Assert.Equal([records[0], .. others], delivered);
    }

    [Fact]
    public async Task A_commit_that_may_succeed_is_tried_again_before_partitions_are_given_up()
    {
        var writer = new TestWriter { OnCommit = w => w.Commits < 2 ? CommitOutcome.NotCommitted : CommitOutcome.Committed };
        var (sink, ledger, _) = Open(writer);
        await using var closing = sink;
        var records = KafkaSinks.Read(assignment, 2);
        await ledger.ExpectAsync(records, CancellationToken.None);
        await sink.WriteAsync(records[..1]);
        await ledger.ReleaseAsync([assignment]);
        Assert.Equal(records[..1], delivered);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_breaks_the_sink_when_partitions_are_given_up_fails_the_next_calls_and_not_the_giving_up(bool isForeseen)
    {
        Exception thrown = isForeseen ? new PipelineException("no right to write") : new InvalidDataException("no right to write");
        var writer = new TestWriter { OnCommit = _ => throw thrown };
        var (sink, ledger, _) = Open(writer);
        await using var closing = sink;
        var records = KafkaSinks.Read(assignment, 2);
        await ledger.ExpectAsync(records, CancellationToken.None);
        await sink.WriteAsync(records[..1]);

        await ledger.ReleaseAsync([assignment]);
        Assert.True(assignment.IsLost);
        writer.OnCommit = _ => CommitOutcome.Committed;
        foreach (var call in new Func<ValueTask>[]
        {
            () => ledger.ExpectAsync(KafkaSinks.Read(kept, 1), CancellationToken.None), () => sink.WriteAsync(records[1..]), sink.CommitIfDueAsync, sink.CommitAsync,
        })
        {
            var e = await Assert.ThrowsAsync<PipelineException>(async () => await call());
            Assert.Contains("no right to write", e.Message, StringComparison.Ordinal);
        }

        await ledger.ReleaseAsync([kept]);
        Assert.True(kept.IsLost);
        Assert.Equal(1, writer.Commits);
        Assert.Empty(delivered);
    }

    [Fact]
    public async Task One_that_is_no_member_any_more_commits_nothing_and_does_not_wait_to_become_one()
    {
        var writer = new TestWriter();
        var (sink, ledger, _) = Open(writer, new Positions { IsMember = false });
        await using var closing = sink;
        var records = KafkaSinks.Read(assignment, 2);
        await ledger.ExpectAsync(records, CancellationToken.None);
        await sink.WriteAsync(records[..1]);
        Assert.True(ledger.ReleaseAsync([assignment]).AsTask().IsCompletedSuccessfully);
        Assert.True(assignment.IsLost);
        Assert.Equal(0, writer.Commits);
        Assert.Empty(delivered);
    }

    [Fact]
    public async Task What_earlier_runs_have_done_is_the_caller_s_to_keep()
    {
        var done = new Coverage();
        done["s"].Add(0, 5);
        var (sink, ledger, _) = Open(new TestWriter(), done: done);
        await using var closing = sink;
        ledger.Done("s").Add(5, 9);
        Assert.Equal([(0L, 5L)], ledger.Done("s").Intervals);
        Assert.Empty(ledger.Done("other").Intervals);
    }

    private OpenedSink Open(TestWriter writer, Positions? positions = null, Coverage? done = null) =>
        KafkaSinks.Open(writer, delivered.Add, positions, done);
}
