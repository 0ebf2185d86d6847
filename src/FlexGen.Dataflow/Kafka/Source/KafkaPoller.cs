using System.Threading.Channels;
using Confluent.Kafka;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>
/// The thread that polls: from the start of reading until it is closed, whatever the pipeline is busy with. Where there is no room for
/// what was read it pauses the partitions and goes on polling, so that the group does not take it for dead.
/// </summary>
internal sealed class KafkaPoller(
    ConsumerGroup group,
    IStart start,
    PartitionReadings readings,
    GroupEnds? ends,
    GroupProgress progress,
    KafkaSourceOptions options,
    ClientLog clientLog,
    ILogger log,
    CancellationToken stop,
    CancellationToken closing)
{
    /// <summary>Records that go through the graph's first blocks together.</summary>
    private const int RecordsTogether = 64;
    private const long BytesTogether = 1 << 20;
    private const int ChunksWaiting = 8;

    private static readonly TimeSpan pollTime = TimeSpan.FromMilliseconds(100);

    // Pausing throws away what the client has fetched, so it is for real jams only.
    private static readonly TimeSpan jam = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan membershipPeriod = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan tellPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan oneRequest = TimeSpan.FromMilliseconds(500);

    // Each question has the client try to connect.
    private static readonly TimeSpan askPeriod = TimeSpan.FromSeconds(5);

    private readonly Channel<Record[]> chunks = Channel.CreateBounded<Record[]>(ChunksWaiting);
    private readonly List<Record> chunk = new(RecordsTogether);
    private long chunkBytes;
    private long membershipAt;
    private long askedAt;
    private bool isEnded;
    private string? trouble;

    private IConsumer<byte[], byte[]> Consumer => group.Consumer;

    public ChannelReader<Record[]> Chunks => chunks.Reader;

    /// <summary>Polls until it is closed, then leaves the group.</summary>
    public void Run()
    {
        try
        {
            start.Commit();
            Consumer.Subscribe(options.Topics);
            while (!closing.IsCancellationRequested)
            {
                if (isEnded || stop.IsCancellationRequested)
                {
                    chunks.Writer.TryComplete();
                    Consumer.Pause(Consumer.Assignment);
                    Poll(pollTime);
                    continue;
                }

                Step();
            }

            progress.Tell(readings.All.Values, TimeSpan.Zero);
        }
        catch (Exception e)
        {
            chunks.Writer.TryComplete(Named(e));
            // The run ends now: what is ready is committed when the group is left.
            closing.WaitHandle.WaitOne();
        }
        finally
        {
            Leave();
            chunks.Writer.TryComplete();
        }
    }

    private void Leave()
    {
        try
        {
            Consumer.Close();
        }
        catch (KafkaException e)
        {
            Log.Retrying(log, "leaving the group", e.Error.Reason);
        }
    }

    private Exception Named(Exception e)
    {
        if (e is not KafkaException kafka)
        {
            return e;
        }

        var what = $"source.kafka: cannot read {string.Join(", ", options.Topics)} as group {options.GroupId}";
        return KafkaErrors.Remedy(kafka.Error) is { } remedy
            ? new PipelineException($"{what}: {remedy} ({kafka.Error.Code}: {kafka.Error.Reason}).", e)
            : new PipelineException($"{what}: {kafka.Error.Code}: {kafka.Error.Reason}", e);
    }

    private void Step()
    {
        var result = Poll(chunk.Count > 0 ? TimeSpan.Zero : pollTime);
        Take(result);
        if (chunk.Count >= RecordsTogether || chunkBytes >= BytesTogether || (result is null && chunk.Count > 0))
        {
            Send();
        }
        else if (result is null)
        {
            progress.Tell(readings.All.Values, tellPeriod);
            isEnded = ends?.AreReached(trouble) == true;
        }
    }

    private void Take(ConsumeResult<byte[], byte[]>? result)
    {
        if (result is null || !readings.All.TryGetValue(result.TopicPartition, out var reading))
        {
            return;
        }

        if (result.IsPartitionEOF)
        {
            reading.PassTo(result.Offset);
        }
        else if (reading.Read(result) is { } record)
        {
            chunk.Add(record);
            chunkBytes += record.Bytes;
        }
        else if (reading.IsAtEnd)
        {
            Consumer.Pause([reading.Partition]);
        }
        else if (reading.SeekTo is { } next)
        {
            Consumer.Seek(new TopicPartitionOffset(reading.Partition, next));
        }
    }

    private ConsumeResult<byte[], byte[]>? Poll(TimeSpan timeout)
    {
        ConsumeResult<byte[], byte[]>? result = null;
        try
        {
            result = Consumer.Consume(timeout);
        }
        catch (ConsumeException e) when (e.Error.Code is ErrorCode.Local_AutoOffsetReset or ErrorCode.Local_LogTruncation or ErrorCode.OffsetOutOfRange)
        {
            readings.Reset(e.ConsumerRecord.TopicPartition);
        }
        catch (ConsumeException e) when (!e.Error.IsFatal && KafkaErrors.Remedy(e.Error) is null)
        {
            trouble = e.Error.Reason;
            Log.Retrying(log, "reading", e.Error.Reason);
        }

        readings.ThrowIfFailed();
        readings.CheckTopics();
        if (clientLog.IsFailing && (result is not null || IsAnswered()))
        {
            clientLog.Answered();
        }

        if (TimeProvider.System.GetElapsedTime(membershipAt) >= membershipPeriod)
        {
            membershipAt = TimeProvider.System.GetTimestamp();
            group.RefreshMembership();
        }

        return result;
    }

    // Where nothing comes no message says that the brokers are back.
    private bool IsAnswered()
    {
        if (readings.All.Count == 0 || TimeProvider.System.GetElapsedTime(askedAt) < askPeriod)
        {
            return false;
        }

        askedAt = TimeProvider.System.GetTimestamp();
        try
        {
            Consumer.QueryWatermarkOffsets(readings.All.Keys.First(), oneRequest);
            return true;
        }
        catch (KafkaException)
        {
            return false;
        }
    }

    private void Send()
    {
        Record[] records = [.. chunk];
        chunk.Clear();
        chunkBytes = 0;
        if (chunks.Writer.TryWrite(records) || (WaitForRoom(jam) && chunks.Writer.TryWrite(records)))
        {
            return;
        }

        while (!stop.IsCancellationRequested && !closing.IsCancellationRequested)
        {
            // Again each time, since the group may have assigned more.
            Consumer.Pause(Consumer.Assignment);
            Take(Poll(pollTime));
            if (chunks.Writer.TryWrite(records))
            {
                Consumer.Resume(Consumer.Assignment);
                return;
            }
        }
    }

    private bool WaitForRoom(TimeSpan timeout)
    {
        var room = chunks.Writer.WaitToWriteAsync(stop).AsTask();
        try
        {
            return room.Wait(timeout, CancellationToken.None);
        }
        catch (AggregateException e) when (e.InnerException is OperationCanceledException)
        {
            return false;
        }
    }
}
