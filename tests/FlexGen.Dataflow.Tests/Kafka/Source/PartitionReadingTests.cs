using Confluent.Kafka;
using FlexGen.Dataflow.Kafka.Source;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Tests.Kafka.Source;

public sealed class PartitionReadingTests
{
    private static readonly TopicPartition partition = new("t", 0);

    [Fact]
    public void Given_marks_after_the_last_record_when_that_is_delivered_then_the_group_is_to_be_told_once()
    {
        var reading = new PartitionReading(partition, new IntervalSet(), new StreamStart(10, 0, 0), end: 13);
        Assert.NotNull(reading.Read(Message(10)));
        Assert.NotNull(reading.Read(Message(11)));
        reading.PassTo(12);
        Assert.False(reading.IsAtEnd);
        reading.PassTo(15);
        Assert.Equal((true, false, null), (reading.IsAtEnd, reading.IsDone, reading.DoneWithoutRecords));
        reading.Assignment.CountDelivered();
        reading.Assignment.CountDelivered();
        // What is past the end is another run's.
        Assert.Equal((true, 13L), (reading.IsDone, reading.DoneWithoutRecords));
        Assert.Null(reading.Read(Message(16)));
        reading.Tell(13);
        Assert.Null(reading.DoneWithoutRecords);
    }

    [Fact]
    public void Given_a_sink_that_keeps_positions_when_asked_then_marks_count_only_after_all_that_was_read_is_committed()
    {
        var reading = new PartitionReading(partition, new IntervalSet(), new StreamStart(0, 0, 0), end: null);
        Assert.NotNull(reading.Read(Message(0)));
        Assert.NotNull(reading.Read(Message(1)));
        reading.Assignment.CountDelivered();
        reading.Assignment.CountDelivered();
        reading.PassTo(3);
        Assert.Equal(1, reading.DoneWith(Set((0, 1))));
        Assert.Equal(3, reading.DoneWith(Set((0, 2))));
    }

    [Theory]
    [InlineData(null, 30, 15)]
    [InlineData(null, 12, 2)]
    [InlineData(null, 10, 0)]
    [InlineData(null, 3, 0)]
    [InlineData(12L, 30, 2)]
    [InlineData(10L, 30, 0)]
    public void Given_a_log_that_begins_after_the_position_when_asked_then_what_is_neither_read_nor_done_is_missing(long? end, long beginning, long missing) =>
        Assert.Equal(missing, new PartitionReading(partition, Set((0, 10), (15, 20)), new StreamStart(10, 0, 10), end).MissingBefore(beginning));

    private static ConsumeResult<byte[], byte[]> Message(long offset) => new() { TopicPartitionOffset = new(partition, offset), Message = new() };

    private static IntervalSet Set(params (long Start, long End)[] intervals)
    {
        var set = new IntervalSet();
        foreach (var (start, end) in intervals)
        {
            set.Add(start, end);
        }

        return set;
    }
}
