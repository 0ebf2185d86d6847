using Confluent.Kafka;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>How far an assigned partition has been read.</summary>
/// <param name="partition">The partition.</param>
/// <param name="covered">Positions that are done already.</param>
/// <param name="begin">Where the reading begins.</param>
/// <param name="end">Where to stop; null to go on forever.</param>
internal sealed class PartitionReading(TopicPartition partition, IntervalSet covered, StreamStart begin, long? end)
{
    /// <summary>Offsets that are done already are passed over one by one where they are fewer than this: seeking throws away what was fetched.</summary>
    private const int WorthSeeking = 1000;

    private long coversFrom = begin.CoversFrom;
    private long marked = begin.Position;

    public static string StreamOf(TopicPartition partition) => $"{partition.Topic}[{partition.Partition.Value}]";

    public Assignment Assignment { get; } = new(StreamOf(partition), partition);

    public TopicPartition Partition => partition;

    /// <summary>The next offset to read.</summary>
    public long Position { get; private set; } = begin.Position;

    /// <summary>Nothing more is to be read.</summary>
    public bool IsAtEnd => Position >= end;

    /// <summary>Nothing more is to be read, and the sink has taken all that was.</summary>
    public bool IsDone => IsAtEnd && Assignment.Undelivered == 0;

    /// <summary>The last position that the group was told by itself, without records; 0 where there was none.</summary>
    public long Told { get; private set; }

    /// <summary>
    /// The position up to which all is done though no record brings the group there, for the log has marks of transactions there, what
    /// they gave up, and what was deleted. Null where there is none.
    /// </summary>
    public long? DoneWithoutRecords => Assignment.Undelivered == 0 && Position > marked ? Position : null;

    /// <summary>The position up to which all is done, where a sink keeps positions.</summary>
    /// <param name="committed">What the sink has committed.</param>
    public long DoneWith(IntervalSet committed)
    {
        var done = committed.FirstLacking(begin.Start);
        return done >= marked && DoneWithoutRecords is { } further ? Math.Max(further, done) : done;
    }

    /// <summary>Where to go on after a message that was not taken, for all before is done; null where reading on is as good.</summary>
    public long? SeekTo { get; private set; }

    /// <summary>Learns that the group was told a position.</summary>
    public void Tell(long position) => (Told, marked) = (position, Math.Max(marked, position));

    /// <summary>How many offsets before the log's beginning are neither read nor done.</summary>
    public long MissingBefore(long beginning)
    {
        var to = Math.Max(Position, Math.Min(beginning, end ?? beginning));
        return to - Position - covered.CountIn(Position, to);
    }

    /// <summary>Learns that no message is before an offset that was not read.</summary>
    public void PassTo(long offset) => Position = Math.Max(Position, Math.Min(offset, end ?? offset));

    /// <summary>The record of a message; null where it is done already or past the end.</summary>
    public Record? Read(ConsumeResult<byte[], byte[]> result)
    {
        var offset = result.Offset.Value;
        SeekTo = null;
        PassTo(offset + 1);
        if (offset >= end)
        {
            return null;
        }

        if (covered.EndOf(offset) is { } covers)
        {
            coversFrom = offset + 1;
            if (covers - offset >= WorthSeeking)
            {
                SeekTo = covers;
                PassTo(covers);
            }

            return null;
        }
        // Offsets between two messages hold no message: those of a partition that were read in order leave no gap.
        var isGapFree = coversFrom == offset || !covered.Overlaps(coversFrom, offset);
        var record = new Record(Assignment, offset, Rows.Empty, 0) { Message = result.Message!, CoversFrom = isGapFree ? coversFrom : offset };
        coversFrom = offset + 1;
        Assignment.CountRead();
        marked = offset + 1;
        return record;
    }
}
