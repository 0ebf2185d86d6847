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
        var writer = new Writer { OnCommit = _ => throw new PipelineException("no right to write") };
        await using var sink = Sink(writer, TimeSpan.FromHours(1));
        var records = Read(3);
        await sink.ExpectAsync(records, CancellationToken.None);
        await sink.WriteAsync(records[..1]);
        await Assert.ThrowsAsync<PipelineException>(async () => await sink.CommitAsync());
        writer.OnCommit = _ => CommitOutcome.Committed;
        await Assert.ThrowsAsync<PipelineException>(async () => await sink.WriteAsync(records[1..2]));
        await Assert.ThrowsAsync<PipelineException>(async () => await sink.CommitAsync());
        await sink.ReleaseAsync([assignment]);
        Assert.Equal(1, writer.Commits);
        Assert.Empty(delivered);
    }

    [Fact]
    public async Task A_late_commit_s_transaction_is_not_begun_early()
    {
        var writer = new Writer();
        await using var sink = Sink(writer, TimeSpan.FromHours(1));
        var records = Read(2001);
        await sink.ExpectAsync(records, CancellationToken.None);
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
        var writer = new Writer { Most = 3 };
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

    private KafkaSink Sink(Writer writer, TimeSpan interval) =>
        new(new KafkaSinkOptions { CommitInterval = interval }, format, writer, new Positions(), new Coverage(), NullLogger.Instance) { OnDelivered = delivered.Add };

    private Record[] Read(int count) => [.. Enumerable.Range(0, count).Select(n =>
    {
        var record = new Record(assignment, n, Rows.Empty, 0) { Message = new() { Value = "{}"u8.ToArray() }, Completion = new("x", "stop", 1, 1) };
        format.Encode(record);
        return record;
    })];

    private sealed class Writer : IMessageWriter
    {
        private bool isWhole = true;

        public Func<Writer, CommitOutcome> OnCommit { get; set; } = w => w.isWhole ? CommitOutcome.Committed : CommitOutcome.NotCommitted;

        public int Most { get; init; } = int.MaxValue;

        public int Written { get; private set; }

        public int Commits { get; private set; }

        public string? Failure => "failed";

        public bool TryOpen(TimeSpan patience) => true;

        public bool TryWrite(IEnumerable<OutgoingMessage> messages)
        {
            int count = messages.Count();
            Written += count;
            return isWhole = count <= Most;
        }

        public CommitOutcome Commit(IReadOnlyList<GroupOffsets> next, IPositions positions, TimeSpan patience)
        {
            Commits++;
            return OnCommit(this);
        }

        public void GiveUp(string reason, TimeSpan patience)
        {
        }

        public void Dispose()
        {
        }
    }
}
