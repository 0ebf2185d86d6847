using Confluent.Kafka;
using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Kafka;
using FlexGen.Dataflow.Kafka.Source;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging.Abstractions;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Kafka.Source;

/// <summary>Where a sink has the positions, what is left of a group's partitions is what its ledger lacks. No brokers are asked.</summary>
public sealed class LedgerProgressTests : IDisposable
{
    private readonly ConsumerGroup group = new("g", new ConsumerBuilder<byte[], byte[]>(new Dictionary<string, string> { ["group.id"] = "g" })
        .SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build());

    private readonly Ledger ledger = new();

    public void Dispose() => group.Dispose();

    [Fact]
    public void A_partition_is_finished_that_is_done_from_its_start_to_its_end()
    {
        TopicPartition[] partitions = [new("t", 0), new("t", 1), new("t", 2), new("t", 3)];
        ledger.Covered["t[0]"].Add(0, 10);
        ledger.Covered["t[1]"].Add(0, 4);
        ledger.Covered["t[1]"].Add(5, 10);
        ledger.Covered["t[2]"].Add(6, 10);
        ledger.Starts["t[2]"] = 6;
        var ends = partitions.ToDictionary(partition => partition, _ => 10L);
        Assert.Equal([partitions[1], partitions[3]], Progress().Unfinished(partitions, ends));
    }

    [Fact]
    public void All_is_told_after_the_sink_has_committed_what_it_took()
    {
        Progress().TellAll([]);
        Assert.Equal(1, ledger.Commits);
        Progress().Tell([], TimeSpan.Zero);
        Assert.Equal(1, ledger.Commits);
    }

    private LedgerProgress Progress() => new(group, ledger, NullLogger.Instance);

    private sealed class Ledger : ITopicLedger
    {
        public Coverage Covered { get; } = new();

        public Dictionary<string, long> Starts { get; } = [];

        IReadOnlyDictionary<string, long> ITopicLedger.Starts => Starts;

        public int Commits { get; private set; }

        public IntervalSet Done(string stream) => Covered[stream].Copy();

        public ValueTask BeginAsync(IReadOnlyDictionary<string, long> starts) => ValueTask.CompletedTask;

        public ValueTask CommitAsync()
        {
            Commits++;
            return ValueTask.CompletedTask;
        }

        public ValueTask ExpectAsync(IReadOnlyList<Record> records, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask ReleaseAsync(IReadOnlyCollection<Assignment> assignments) => ValueTask.CompletedTask;
    }
}
