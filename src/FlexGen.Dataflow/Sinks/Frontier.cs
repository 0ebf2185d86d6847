using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Sinks;

/// <summary>
/// The records of one assignment in the order they were read, from the first that is not committed. They finish in any order; those
/// before the first unfinished one may be committed. Not safe for several threads.
/// </summary>
internal sealed class Frontier
{
    private readonly Queue<Record> ready = [];
    private readonly Queue<Record> waiting = [];

    /// <summary>Records that are not committed.</summary>
    public int Count => ready.Count + waiting.Count;

    /// <summary>Those of them that may be committed.</summary>
    public int ReadyCount => ready.Count;

    public long HeldBytes => ready.Concat(waiting).Sum(record => record.HeldBytes);

    /// <summary>Notes a record that was read, after all that were read before it.</summary>
    public void Expect(Record record) => waiting.Enqueue(record);

    /// <summary>Moves past the records that are finished.</summary>
    /// <returns>How many more may be committed than before.</returns>
    public int Advance()
    {
        int before = ready.Count;
        while (waiting.TryPeek(out var first) && first.IsFinished)
        {
            ready.Enqueue(waiting.Dequeue());
        }
        return ready.Count - before;
    }

    /// <summary>Appends the records that may be committed to <paramref name="batch"/> until it has <paramref name="limit"/>.</summary>
    public void CollectReady(List<Record> batch, int limit) => batch.AddRange(ready.Take(limit - batch.Count));

    /// <summary>Forgets the first record, which is committed.</summary>
    public void Release(Record record)
    {
        if (!ReferenceEquals(ready.Dequeue(), record))
        {
            throw new InvalidOperationException($"{record.Origin} was committed before a record that was read before it.");
        }
    }
}
