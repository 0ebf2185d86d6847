using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>
/// The records of one assignment in the order they were read, from the first that is not committed. They finish in any order; those
/// before the first unfinished one are ready. Not safe for several threads.
/// </summary>
internal sealed class Frontier
{
    private readonly Queue<Record> taken = [];
    private readonly Queue<Record> waiting = [];
    private Queue<Record> ready = [];

    /// <summary>Records that are not committed.</summary>
    public int Count => taken.Count + ready.Count + waiting.Count;

    /// <summary>Those of them that may be taken.</summary>
    public int ReadyCount => ready.Count;

    /// <summary>Those of them that are.</summary>
    public int TakenCount => taken.Count;

    public long HeldBytes => taken.Concat(ready).Concat(waiting).Sum(record => record.Bytes);

    /// <summary>Notes a record that was read, after all that were read before it.</summary>
    public void Expect(Record record) => waiting.Enqueue(record);

    /// <summary>Moves past the records that are finished.</summary>
    /// <returns>How many more are ready than before.</returns>
    public int Advance()
    {
        var before = ready.Count;
        while (waiting.TryPeek(out var first) && first.IsFinished)
        {
            ready.Enqueue(waiting.Dequeue());
        }

        return ready.Count - before;
    }

    /// <summary>Moves what is ready to the end of <paramref name="batch"/> until it has <paramref name="limit"/>; it is to be committed, or put back.</summary>
    public void Take(List<Record> batch, int limit)
    {
        while (batch.Count < limit && ready.TryDequeue(out var record))
        {
            taken.Enqueue(record);
            batch.Add(record);
        }
    }

    /// <summary>Makes what was taken ready again.</summary>
    public void PutBack()
    {
        ready = new Queue<Record>(taken.Concat(ready));
        taken.Clear();
    }

    /// <summary>Forgets the first record, which was taken and is committed.</summary>
    public void Forget(Record record)
    {
        if (!ReferenceEquals(taken.Dequeue(), record))
        {
            throw new InvalidOperationException($"{record.Origin} was committed before a record that was read before it.");
        }
    }
}
