using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Sinks;

/// <summary>
/// The records of one assignment in the order they were read, from the first that is not committed. They finish in any order; those
/// before the first unfinished one may be committed. Not safe for several threads.
/// </summary>
internal sealed class Frontier
{
    private readonly Queue<Record> records = [];

    /// <summary>Records that are not committed.</summary>
    public int Count => records.Count;

    public long HeldBytes => records.Sum(record => record.HeldBytes);

    /// <summary>Notes a record that was read, after all that were read before it.</summary>
    public void Expect(Record record) => records.Enqueue(record);

    /// <summary>Appends the records that may be committed to <paramref name="ready"/> until it has <paramref name="limit"/>.</summary>
    public void CollectReady(List<Record> ready, int limit)
    {
        foreach (var record in records)
        {
            if (!record.IsFinished || ready.Count >= limit)
            {
                return;
            }
            ready.Add(record);
        }
    }

    /// <summary>Forgets the first record, which is committed.</summary>
    public void Release(Record record)
    {
        if (!ReferenceEquals(records.Dequeue(), record))
        {
            throw new InvalidOperationException($"{record.Origin} was committed before a record that was read before it.");
        }
    }
}
