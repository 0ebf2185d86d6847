using Confluent.Kafka;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>
/// Writes records as they become ready, and commits them with the positions they came from. What fails is put back, and taken again by
/// the next attempt. Used by one thread at a time.
/// </summary>
internal sealed class RecordCommitter(
    UncommittedRecords records, ResultFormat format, IMessageWriter writer, IPositions positions, TimeSpan patience, Action<Record> onDelivered, ILogger log)
{
    /// <summary>A commit costs several round trips, which few records would make dear.</summary>
    public const int MaxTogether = 16_000;

    /// <summary>What is written and not committed yet.</summary>
    private readonly List<Record> open = [];

    /// <summary>Dead letters that the brokers refused, and what the next attempt holds of them.</summary>
    private readonly Dictionary<Record, DeadLetterContent> refused = [];
    private int limit = MaxTogether;
    private bool isCutShort;

    /// <summary>The positions of an attempt whose producer was lost; until it is known what became of it nothing else may be written.</summary>
    private IReadOnlyList<GroupOffsets>? unsettled;

    /// <summary>Whether a commit should come now, for no more goes into it.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Whether a commit may have something to do.</summary>
    public bool IsOpen => open.Count > 0 || unsettled is not null;

    /// <summary>Begins to write what is ready.</summary>
    /// <returns>Whether it could.</returns>
    public bool TryWrite()
    {
        if (!writer.TryOpen(patience) || !TrySettle())
        {
            return false;
        }

        if (records.ReadyCount == 0)
        {
            return true;
        }

        if (positions.Membership is null)
        {
            return false;
        }

        var before = open.Count;
        records.Take(open, limit);
        var goesOn = open.Count == before || writer.TryWrite(open.Skip(before).Select(record => format.Message(record, refused.GetValueOrDefault(record))));
        isCutShort |= !goesOn;
        IsFull = isCutShort || open.Count >= limit;
        return true;
    }

    /// <summary>Commits what was written.</summary>
    /// <returns>Whether it is committed, or can be tried again at once.</returns>
    public bool TryCommit()
    {
        if (open.Count == 0)
        {
            return unsettled is null;
        }

        IsFull = false;
        if (records.Member(open, () => positions.Membership) is not { } membership)
        {
            writer.GiveUp("some of its partitions are another worker's by now", patience);
            PutBack();
            return false;
        }

        var next = positions.After(open, membership);
        switch (writer.Commit(next, positions, patience))
        {
            case CommitOutcome.Committed:
                Log.TransactionCommitted(log, open.Count);
                records.Forget(open);
                // A partition that was lost meanwhile was lost after this.
                Note(next, open);
                limit = Math.Min(2 * limit, MaxTogether);
                return true;
            case CommitOutcome.Refused:
                Narrow();
                PutBack();
                return true;
            case CommitOutcome.Pending:
                return false;
            case CommitOutcome.Unknown:
                unsettled = next;
                return true;
            default:
                // What the brokers refuse is told too late where much more is written after it.
                limit = isCutShort ? Math.Max(1, open.Count / 2) : limit;
                PutBack();
                return false;
        }
    }

    private bool TrySettle()
    {
        if (unsettled is null)
        {
            return true;
        }

        try
        {
            if (positions.AreCommitted(unsettled))
            {
                Note(unsettled, records.Forget(open));
            }
            else
            {
                PutBack();
            }

            unsettled = null;
            return true;
        }
        catch (KafkaException e)
        {
            Log.Retrying(log, "asking for the committed positions", e.Error.Reason);
            return false;
        }
    }

    private void Note(IReadOnlyList<GroupOffsets> next, List<Record> delivered)
    {
        delivered.ForEach(onDelivered);
        open.ForEach(record => refused.Remove(record));
        positions.Note(next);
        Clear();
    }

    private void PutBack()
    {
        records.PutBack();
        Clear();
        foreach (var lost in refused.Keys.Where(record => record.Assignment.IsLost).ToArray())
        {
            refused.Remove(lost);
        }
    }

    private void Clear()
    {
        open.Clear();
        isCutShort = false;
    }

    // Halves what goes together until the message that the brokers refuse is alone.
    private void Narrow()
    {
        limit = Math.Max(1, open.Count / 2);
        if (open is not [var record])
        {
            return;
        }

        var reason = writer.Failure ?? "";
        if (record.Error is null)
        {
            Log.ResultRefused(log, record.Origin.ToString(), reason);
            format.Decode(record);
            record.Fail("result_refused", $"the brokers refuse the result: {reason}");
            return;
        }

        refused[record] = DeadLetterFormat.After(record, refused.GetValueOrDefault(record)) ?? throw new PipelineException(
            $"sink.kafka: the brokers refuse the dead letter of {record.Origin} even where it holds nothing but its origin ({reason}): "
            + "raise max.message.bytes of its topic, or let it take such messages.");
        Log.DeadLetterRefused(log, record.Origin.ToString(), refused[record].ToString(), reason);
    }
}
