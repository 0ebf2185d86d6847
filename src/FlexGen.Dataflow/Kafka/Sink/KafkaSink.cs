using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>
/// Output and dead letter in topics of one cluster. A record is held until all that were read before it in its partition are finished;
/// then it is committed with them, in the order they were read. Held records outlive a transaction that fails: the next takes them.
/// </summary>
internal sealed class KafkaSink : ISink
{
    /// <summary>While one commit is under way, what the next takes becomes ready.</summary>
    private const int MaxRecordsReady = RecordCommitter.MaxTogether * 3 / 2;

    private readonly KafkaSinkOptions options;
    private readonly ResultFormat format;
    private readonly IMessageWriter writer;
    private readonly IPositions positions;
    private readonly UncommittedRecords records;
    private readonly CommitThread commits;

    private KafkaSink(
        KafkaSinkOptions options, ResultFormat format, IMessageWriter writer, IPositions positions, UncommittedRecords records, CommitThread commits)
    {
        this.options = options;
        this.format = format;
        this.writer = writer;
        this.positions = positions;
        this.records = records;
        this.commits = commits;
    }

    /// <param name="options">When to commit, and how much to hold until then.</param>
    /// <param name="format">Makes the messages.</param>
    /// <param name="writer">Writes them; the sink's to dispose.</param>
    /// <param name="positions">Where positions are kept; the sink's to dispose.</param>
    /// <param name="done">What earlier runs have done.</param>
    /// <param name="onDelivered">Told of each record that is committed.</param>
    /// <param name="log">Where to report.</param>
    public static OpenedSink Open(
        KafkaSinkOptions options, ResultFormat format, IMessageWriter writer, IPositions positions, Coverage done, Action<Record> onDelivered, ILogger log)
    {
        var records = new UncommittedRecords(options.MaxUncommitted, MaxRecordsReady, options.MaxUncommittedBytes);
        var committer = new RecordCommitter(records, format, writer, positions, CommitThread.Patience, onDelivered, log);
        var commits = new CommitThread(records, committer, options.CommitInterval);
        return new OpenedSink(
            new KafkaSink(options, format, writer, positions, records, commits), new KafkaLedger(done, records, commits, positions, log), done);
    }

    public void Encode(Record record) => format.Encode(record);

    public ValueTask WriteAsync(Record[] records)
    {
        commits.ThrowIfBroken();
        this.records.Finish(records);
        commits.Look();
        return ValueTask.CompletedTask;
    }

    // The thread does: what is left is to say where it no longer can.
    public ValueTask CommitIfDueAsync()
    {
        commits.ThrowIfBroken();
        return ValueTask.CompletedTask;
    }

    public ValueTask CommitAsync() => commits.CommitAll(goesOn: () => true)
        ? ValueTask.CompletedTask
        : throw new PipelineException(
            $"sink.kafka: the brokers at {options.BootstrapServers} did not commit within {CommitThread.Patience.TotalSeconds:0} s ({writer.Failure}): "
            + "what is not committed will be done again by the next run.");

    public async ValueTask DisposeAsync()
    {
        await commits.DisposeAsync();
        writer.Dispose();
        positions.Dispose();
    }
}
