using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>What was read and is not committed, by assignment; no more of it than fits. Safe for several threads.</summary>
/// <param name="maxRecords">How many records fit.</param>
/// <param name="maxReady">How many of them may only wait for a commit: where commits are what is slow, more would only take memory.</param>
/// <param name="maxBytes">How many bytes fit; one record always does.</param>
internal sealed class UncommittedRecords(int maxRecords, int maxReady, long maxBytes)
{
    private readonly Lock gate = new();
    private readonly Dictionary<Assignment, Frontier> frontiers = [];
    private TaskCompletionSource room = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int count;
    private long bytes;
    private int ready;
    private int taken;

    /// <summary>Records that may be taken to be committed.</summary>
    public int ReadyCount => Volatile.Read(ref ready);

    /// <summary>Whether what is not finished is more than <see cref="ReadyCount"/> and what was taken.</summary>
    public bool IsAnyUnfinished
    {
        get
        {
            lock (gate)
            {
                return count > ready + taken;
            }
        }
    }

    /// <summary>Notes records in the order they were read; waits for room. There is none after <see cref="Fail"/>.</summary>
    public async ValueTask ExpectAsync(IReadOnlyList<Record> records, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task freed;
            lock (gate)
            {
                if (!room.Task.IsFaulted && (count == 0 || (count + records.Count <= maxRecords && ready + taken < maxReady && bytes < maxBytes)))
                {
                    Add(records);
                    return;
                }

                freed = room.Task;
            }

            await freed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Notes that records are finished, but for those of lost assignments.</summary>
    /// <param name="records">Some that were expected.</param>
    public void Finish(Record[] records)
    {
        lock (gate)
        {
            foreach (var record in records.Where(record => !record.Assignment.IsLost))
            {
                record.IsFinished = true;
                ready += frontiers[record.Assignment].Advance();
            }
        }
    }

    /// <summary>
    /// Takes records to commit them, in the order they were read in each assignment, and appends them to <paramref name="batch"/> until it has
    /// <paramref name="limit"/>.
    /// </summary>
    public void Take(List<Record> batch, int limit)
    {
        lock (gate)
        {
            var before = batch.Count;
            foreach (var frontier in frontiers.Values)
            {
                frontier.Take(batch, limit);
            }

            taken += batch.Count - before;
            ready -= batch.Count - before;
        }
    }

    /// <summary>Makes all that was taken ready again.</summary>
    public void PutBack()
    {
        lock (gate)
        {
            foreach (var frontier in frontiers.Values)
            {
                frontier.PutBack();
            }

            ready += taken;
            taken = 0;
        }
    }

    /// <summary>Asks who this process is while no assignment can be lost; the default where one of the records' is lost already.</summary>
    public T? Member<T>(IEnumerable<Record> records, Func<T> member)
    {
        lock (gate)
        {
            return records.Any(record => record.Assignment.IsLost) ? default : member();
        }
    }

    /// <summary>Forgets records that were taken and are committed.</summary>
    /// <returns>Those of them that were not forgotten before, with a lost assignment.</returns>
    public List<Record> Forget(IEnumerable<Record> records)
    {
        var forgotten = new List<Record>();
        lock (gate)
        {
            foreach (var record in records)
            {
                if (frontiers.TryGetValue(record.Assignment, out var frontier))
                {
                    frontier.Forget(record);
                    forgotten.Add(record);
                    record.Assignment.CountDelivered();
                    count--;
                    taken--;
                    bytes -= record.Bytes;
                }
            }

            FreeRoom();
        }

        return forgotten;
    }

    /// <summary>Forgets all records of assignments, which are lost from now on.</summary>
    public void Drop(IEnumerable<Assignment> assignments)
    {
        lock (gate)
        {
            foreach (var assignment in assignments)
            {
                assignment.Lose();
                if (frontiers.Remove(assignment, out var frontier))
                {
                    count -= frontier.Count;
                    ready -= frontier.ReadyCount;
                    taken -= frontier.TakenCount;
                    bytes -= frontier.HeldBytes;
                }
            }

            FreeRoom();
        }
    }

    /// <summary>Ends all waiting for room, now and later.</summary>
    public void Fail(Exception e)
    {
        lock (gate)
        {
            room.TrySetException(e);
        }
    }

    private void Add(IReadOnlyList<Record> records)
    {
        foreach (var record in records)
        {
            if (record.Assignment.IsLost)
            {
                continue;
            }

            if (!frontiers.TryGetValue(record.Assignment, out var frontier))
            {
                frontiers.Add(record.Assignment, frontier = new Frontier());
            }

            frontier.Expect(record);
            count++;
            bytes += record.Bytes;
        }
    }

    private void FreeRoom()
    {
        if (room.Task.IsFaulted)
        {
            return;
        }

        room.TrySetResult();
        room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
