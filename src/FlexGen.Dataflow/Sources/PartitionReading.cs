using Confluent.Kafka;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Sources;

/// <summary>How far an assigned partition has been read.</summary>
/// <param name="partition">The partition.</param>
/// <param name="covered">Positions that are done already.</param>
/// <param name="end">Where to stop; null to go on forever.</param>
internal sealed class PartitionReading(TopicPartition partition, IntervalSet covered, long? end)
{
    private long next = covered.EndOfFirst;

    public static string StreamOf(TopicPartition partition) => $"{partition.Topic}[{partition.Partition.Value}]";

    public Assignment Assignment { get; } = new(StreamOf(partition), partition);

    /// <summary>Nothing more is to be read.</summary>
    public bool IsAtEnd { get; private set; } = end == 0;

    public void ReachEnd() => IsAtEnd = true;

    /// <summary>The record of a message; null where it is done already or past the end.</summary>
    public Record? Read(ConsumeResult<byte[], byte[]> result)
    {
        long offset = result.Offset.Value;
        IsAtEnd |= offset + 1 >= end;
        if (offset >= end || covered.Contains(offset))
        {
            next = offset + 1;
            return null;
        }
        // Offsets between two messages hold no message: those of a partition that were read in order leave no gap.
        bool isGapFree = next == offset || !covered.Overlaps(next, offset);
        var record = new Record(Assignment, offset, Rows.Empty, 0) { Message = result.Message!, CoversFrom = isGapFree ? next : offset };
        next = offset + 1;
        Assignment.CountRead();
        return record;
    }
}
