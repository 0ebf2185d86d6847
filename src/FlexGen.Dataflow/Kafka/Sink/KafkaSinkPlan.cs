using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>Output and dead letter in topics of one cluster.</summary>
/// <param name="output">The topic of results, and how it is written.</param>
/// <param name="deadLetter">The topic of dead letters.</param>
/// <param name="transactionalId">The producer's.</param>
/// <param name="json">Writes records.</param>
/// <param name="positions">Opens what keeps the positions of what is done.</param>
/// <param name="log">Where to report.</param>
internal sealed class KafkaSinkPlan(
    KafkaSinkOptions output, KafkaSinkOptions deadLetter, string transactionalId, RecordJson json, Func<IPositions> positions, ILogger log) : ISinkPlan
{
    private static readonly TimeSpan retryPause = TimeSpan.FromMilliseconds(500);

    public string Output => output.Topic;

    public string DeadLetter => deadLetter.Topic;

    public Task<Coverage> ReadDoneAsync(CancellationToken cancellationToken)
    {
        using var opened = positions();
        return Task.FromResult(opened.DoneAtStart());
    }

    public Task<OpenedSink> OpenAsync(Action<Record> onDelivered, CancellationToken cancellationToken)
    {
        var settings = MessageProducer.Settings(output, transactionalId);
        IMessageWriter writer = output.Guarantee == "exactlyOnce" ? new TransactionalWriter(settings, log) : new IdempotentWriter(settings, log);
        IPositions? opened = null;
        try
        {
            // Before the positions are read: what an earlier run left open would change them.
            if (!writer.TryOpen(output.ConnectTimeout))
            {
                throw new PipelineException(
                    $"sink.kafka: the brokers at {output.BootstrapServers} did not open the transactional id {transactionalId} within "
                        + $"{output.ConnectTimeout.TotalSeconds:0} s ({writer.Failure}).");
            }

            opened = positions();
            var done = opened.DoneAtStart();
            Commit(opened.Moved, writer, opened);
            var format = new ResultFormat(output.Topic, deadLetter.Topic, json);
            return Task.FromResult(KafkaSink.Open(output, format, writer, opened, done, onDelivered, log));
        }
        catch
        {
            opened?.Dispose();
            writer.Dispose();
            throw;
        }
    }

    // Once more what was committed already changes nothing.
    private void Commit(IReadOnlyList<GroupOffsets> moved, IMessageWriter writer, IPositions opened)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (moved.Count > 0 && !TryCommit())
        {
            if (TimeProvider.System.GetElapsedTime(start) >= output.ConnectTimeout)
            {
                throw new PipelineException(
                    $"sink.kafka: the brokers at {output.BootstrapServers} did not take the positions of files that go by other names now within "
                    + $"{output.ConnectTimeout.TotalSeconds:0} s ({writer.Failure}).");
            }

            Thread.Sleep(retryPause);
        }

        bool TryCommit() =>
            writer.TryOpen(output.ConnectTimeout) && writer.TryWrite([]) && writer.Commit(moved, opened, output.ConnectTimeout) == CommitOutcome.Committed;
    }
}
