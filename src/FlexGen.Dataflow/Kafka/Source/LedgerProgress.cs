using Confluent.Kafka;
using FlexGen.Dataflow.Ends;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>How far a group is by a sink's ledger; the group's own positions are for watching it.</summary>
/// <param name="group">The group.</param>
/// <param name="ledger">The ledger.</param>
/// <param name="log">Where to report.</param>
internal sealed class LedgerProgress(ConsumerGroup group, ITopicLedger ledger, ILogger log) : GroupProgress(group, log)
{
    public override bool ShowsOthers => false;

    public override IReadOnlyList<TopicPartition> Unfinished(IReadOnlyCollection<TopicPartition> partitions, IReadOnlyDictionary<TopicPartition, long> ends) =>
        [.. partitions.Where(partition => Lacking(partition) < ends[partition])];

    public override void TellAll(IEnumerable<PartitionReading> readings)
    {
        ledger.CommitAsync().AsTask().GetAwaiter().GetResult();
        base.TellAll(readings);
    }

    protected override long? Position(PartitionReading reading) => reading.DoneWith(ledger.Done(reading.Assignment.Stream));

    private long Lacking(TopicPartition partition)
    {
        var stream = PartitionReading.StreamOf(partition);
        return ledger.Done(stream).FirstLacking(ledger.Starts.GetValueOrDefault(stream));
    }
}
