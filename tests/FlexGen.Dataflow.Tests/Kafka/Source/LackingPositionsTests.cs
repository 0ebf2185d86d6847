using Confluent.Kafka;
using FlexGen.Dataflow.Kafka.Source;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Tests.Kafka.Source;

/// <summary>A partition is read where the sink lacks it.</summary>
public sealed class LackingPositionsTests
{
    private static readonly TopicPartition partition = new("requests", 0);

    [Fact]
    public void What_is_covered_is_passed_over_and_holes_are_read()
    {
        var covered = Set((10, 20), (30, 4000));
        var reading = new PartitionReading(partition, covered, new StreamStart(0, 0, 0), end: 5000);
        var read = new List<(long, long)>();
        long offset = 0;
        var steps = 0;
        while (!reading.IsAtEnd)
        {
            steps++;
            if (reading.Read(Message(offset)) is { } record)
            {
                read.Add((record.CoversFrom, record.Position + 1));
            }

            offset = reading.SeekTo ?? offset + 1;
        }

        var all = covered.Copy();
        Assert.All(read, interval => Assert.True(all.Add(interval.Item1, interval.Item2)));
        Assert.Equal([(0L, 5000L)], all.Intervals);
        Assert.Equal(10 + 10 + 1000, read.Count);
        // The long interval costs one message.
        Assert.Equal(read.Count + 10 + 1, steps);
    }

    [Fact]
    public void The_first_record_covers_what_holds_no_message_from_the_start_on_and_nothing_before()
    {
        var reading = new PartitionReading(partition, Set((100, 120)), new StreamStart(120, 100, 120), end: null);
        Assert.Null(reading.Read(Message(119)));
        Assert.Equal(120, reading.Read(Message(123))!.CoversFrom);
    }

    [Theory]
    [InlineData(0, 20)]
    [InlineData(19, 20)]
    [InlineData(20, 20)]
    [InlineData(30, 40)]
    [InlineData(45, 45)]
    public void The_first_lacking_position_is_the_end_of_what_holds_it(long from, long expected) =>
        Assert.Equal(expected, Set((0, 20), (30, 40)).FirstLacking(from));

    private static IntervalSet Set(params (long Start, long End)[] intervals)
    {
        var set = new IntervalSet();
        foreach (var (start, end) in intervals)
        {
            set.Add(start, end);
        }

        return set;
    }

    private static ConsumeResult<byte[], byte[]> Message(long offset) =>
        new() { TopicPartitionOffset = new TopicPartitionOffset(partition, offset), Message = new Message<byte[], byte[]> { Value = [] } };
}
