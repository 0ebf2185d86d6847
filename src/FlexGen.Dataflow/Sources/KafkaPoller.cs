using System.Threading.Channels;
using Confluent.Kafka;
using FlexGen.Dataflow.Kafka;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Sinks;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Sources;

/// <summary>
/// The thread that polls: from the start of reading until it is closed, whatever the pipeline is busy with. Where there is no room for
/// what was read it pauses the partitions and goes on polling, so that the group does not take it for dead.
/// </summary>
internal sealed class KafkaPoller(
    ConsumerGroup group,
    PartitionReadings readings,
    KafkaSourceOptions options,
    ISink sink,
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
    private static readonly TimeSpan positionsPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan oneRequest = TimeSpan.FromMilliseconds(500);

    // Each question has the client try to connect.
    private static readonly TimeSpan askPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan aloneTime = TimeSpan.FromSeconds(30);

    private readonly Channel<Record[]> chunks = Channel.CreateBounded<Record[]>(ChunksWaiting);
    private readonly List<Record> chunk = new(RecordsTogether);
    private long chunkBytes;
    private readonly Dictionary<TopicPartition, long> positions = [];
    private readonly long begunAt = TimeProvider.System.GetTimestamp();
    private long membershipAt;
    private long positionsAt;
    private long askedAt;
    private bool isEnded;

    private IConsumer<byte[], byte[]> Consumer => group.Consumer;

    public ChannelReader<Record[]> Chunks => chunks.Reader;

    /// <summary>Polls until it is closed, then leaves the group.</summary>
    public void Run()
    {
        try
        {
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
            CommitPositions(TimeSpan.Zero);
            Consumer.Close();
        }
        catch (Exception e)
        {
            chunks.Writer.TryComplete(e is KafkaException kafka ? new PipelineException($"source.kafka: {kafka.Error.Code}: {kafka.Error.Reason}", e) : e);
        }
        finally
        {
            chunks.Writer.TryComplete();
        }
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
            CommitPositions(positionsPeriod);
            isEnded = options.UntilEnd && HasEnded();
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
            reading.ReachEnd();
        }
        else if (reading.Read(result) is { } record)
        {
            chunk.Add(record);
            chunkBytes += record.Bytes;
        }
    }

    private ConsumeResult<byte[], byte[]>? Poll(TimeSpan timeout)
    {
        ConsumeResult<byte[], byte[]>? result = null;
        try
        {
            result = Consumer.Consume(timeout);
        }
        catch (ConsumeException e)
        {
            KafkaErrors.ThrowIfLasting(e.Error, $"source.kafka: cannot read {string.Join(", ", options.Topics)} as group {options.GroupId}", e);
            Log.Retrying(log, "reading", e.Error.Reason);
        }
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

    private bool HasEnded()
    {
        if (readings.All.Count == 0)
        {
            return TimeProvider.System.GetElapsedTime(begunAt) >= aloneTime;
        }
        if (!readings.All.Values.All(reading => reading.IsAtEnd && reading.Assignment.Undelivered == 0))
        {
            return false;
        }
        sink.CommitAsync().AsTask().GetAwaiter().GetResult();
        return true;
    }

    // For watching the group's progress, where the sink keeps the positions.
    private void CommitPositions(TimeSpan period)
    {
        if (TimeProvider.System.GetElapsedTime(positionsAt) < period)
        {
            return;
        }
        positionsAt = TimeProvider.System.GetTimestamp();
        var done = readings.All.Keys
            .Select(p => new TopicPartitionOffset(p, sink.CoveredAsync(PartitionReading.StreamOf(p)).AsTask().GetAwaiter().GetResult().EndOfFirst))
            .Where(p => p.Offset > positions.GetValueOrDefault(p.TopicPartition)).ToArray();
        try
        {
            if (done.Length > 0)
            {
                Consumer.Commit(done);
            }
        }
        catch (KafkaException e)
        {
            Log.Retrying(log, "committing positions", e.Error.Reason);
            return;
        }
        foreach (var position in done)
        {
            positions[position.TopicPartition] = position.Offset;
        }
    }
}
