using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>Finds what the brokers deleted before it was read.</summary>
/// <param name="group">The group.</param>
/// <param name="isError">Whether to end the run where there is any; otherwise it is reported, and the reading goes on after it.</param>
/// <param name="log">Where to report.</param>
internal sealed class LogGaps(ConsumerGroup group, bool isError, ILogger log)
{
    // Right after a partition has moved to another broker, that one may not know yet how far the log goes.
    private static readonly TimeSpan recovery = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(500);
    private long deleted;

    /// <summary>Offsets that were deleted before they were read.</summary>
    public long Deleted => Interlocked.Read(ref deleted);

    /// <summary>Brings readings to the first offset that is there.</summary>
    /// <exception cref="PipelineException">Offsets were deleted, and that is an error; or a position lies beyond the log's end.</exception>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public void Pass(IReadOnlyCollection<PartitionReading> readings)
    {
        var beginnings = ConsumerGroup.Insist("finding where the logs begin", () => group.Logs.Beginnings(readings.Select(r => r.Partition)), log);
        CheckEnds(readings);
        foreach (var reading in readings)
        {
            var beginning = beginnings[reading.Partition];
            if (reading.MissingBefore(beginning) is > 0 and var missing)
            {
                Report(reading, beginning, missing);
            }

            reading.PassTo(beginning);
        }
    }

    private void Report(PartitionReading reading, long beginning, long missing)
    {
        if (isError)
        {
            throw new PipelineException(
                $"source.kafka: {reading.Assignment.Stream} is read up to offset {reading.Position}, but the brokers have deleted what is "
                    + $"before {beginning}: {missing} offsets were never read. "
                + "To go on after them set auto.offset.reset in source.kafka.properties to earliest; a longer retention of the topic keeps it from happening.");
        }

        Interlocked.Add(ref deleted, missing);
        Log.DeletedUnread(log, reading.Assignment.Stream, missing, reading.Position, beginning);
    }

    private void CheckEnds(IReadOnlyCollection<PartitionReading> readings)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var ends = ConsumerGroup.Insist("finding where the logs end", () => group.Logs.HighWatermarks(readings.Select(r => r.Partition)), log);
            if (readings.FirstOrDefault(r => r.Position > ends[r.Partition]) is not { } beyond)
            {
                return;
            }

            if (TimeProvider.System.GetElapsedTime(since) >= recovery)
            {
                throw new PipelineException(
                    $"source.kafka: {beyond.Assignment.Stream} is read up to offset {beyond.Position}, but its log ends at "
                        + $"{ends[beyond.Partition]}: the topic was deleted and created anew, "
                    + "or the brokers lost messages. To read what is there now give the source another groupId, and Parquet sinks other folders.");
            }

            Thread.Sleep(pause);
        }
    }
}
