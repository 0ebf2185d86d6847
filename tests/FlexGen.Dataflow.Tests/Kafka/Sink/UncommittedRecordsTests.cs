using CsCheck;
using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Records;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Kafka.Sink;

public sealed class UncommittedRecordsTests
{
    /// <summary>A step: finish the nth unfinished record, commit at most n, or lose the nth assignment.</summary>
    private static readonly Gen<(int Kind, int N)[]> steps = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 50]).Array[0, 200];

    [Fact]
    public void Commits_each_record_of_a_kept_assignment_once_and_never_past_an_unfinished_one()
    {
        Gen.Select(Gen.Int[1, 40].Array[1, 4], steps).Sample((counts, taken) => Check(counts, taken));
    }

    [Fact]
    public async Task Waits_for_room_until_records_are_committed()
    {
        var records = new UncommittedRecords(maxRecords: 3, maxReady: int.MaxValue, maxBytes: long.MaxValue);
        var read = Read(new Assignment("s"), 4);
        await records.ExpectAsync(read[..3], CancellationToken.None);
        var waiting = records.ExpectAsync(read[3..], CancellationToken.None).AsTask();
        Assert.False(waiting.IsCompleted);
        records.Finish([read[0]]);
        records.Forget(Take(records, 10));
        await waiting.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Waits_while_many_are_ready_but_not_while_many_wait_for_one_before_them()
    {
        var records = new UncommittedRecords(maxRecords: int.MaxValue, maxReady: 2, maxBytes: long.MaxValue);
        var read = Read(new Assignment("s"), 5);
        await records.ExpectAsync(read[..3], CancellationToken.None);
        records.Finish(read[1..3]);
        Assert.Equal(0, records.ReadyCount);
        await records.ExpectAsync(read[3..4], CancellationToken.None);
        records.Finish(read[..1]);
        Assert.Equal(3, records.ReadyCount);
        var waiting = records.ExpectAsync(read[4..], CancellationToken.None).AsTask();
        var taken = Take(records, 2);
        Assert.False(waiting.IsCompleted);
        records.Forget(taken);
        await waiting.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(1, records.ReadyCount);
    }

    [Fact]
    public async Task More_records_than_fit_are_taken_when_nothing_else_is_there()
    {
        var records = new UncommittedRecords(maxRecords: 3, maxReady: 1, maxBytes: 1);
        await records.ExpectAsync(Read(new Assignment("s"), 5), CancellationToken.None);
    }

    [Fact]
    public async Task A_lost_assignment_gives_its_room_back_and_its_records_are_not_taken()
    {
        var records = new UncommittedRecords(maxRecords: 3, maxReady: 1, maxBytes: long.MaxValue);
        var lost = new Assignment("s");
        var read = Read(lost, 3);
        await records.ExpectAsync(read, CancellationToken.None);
        records.Drop([lost]);
        records.Finish([read[0]]);
        await records.ExpectAsync(Read(new Assignment("s"), 3), CancellationToken.None);
        Assert.Empty(Take(records, 10));
    }

    [Fact]
    public async Task No_one_may_commit_what_was_taken_of_an_assignment_that_is_lost()
    {
        var records = new UncommittedRecords(maxRecords: 10, maxReady: 10, maxBytes: long.MaxValue);
        Assignment[] assignments = [new("kept"), new("lost")];
        Record[] read = [.. Read(assignments[0], 2), .. Read(assignments[1], 2)];
        await records.ExpectAsync(read, CancellationToken.None);
        records.Finish(read);
        var taken = Take(records, 10);
        Assert.Equal("member", records.Member(taken, () => "member"));
        records.Drop(assignments[1..]);
        Assert.Null(records.Member(taken, () => "member"));
        records.PutBack();
        Assert.Equal(read[..2], Take(records, 10));
        Assert.Equal("member", records.Member(read[..2], () => "member"));
        Assert.Equal(read[..2], records.Forget(taken));
    }

    private static void Check(int[] counts, (int Kind, int N)[] taken)
    {
        var records = new UncommittedRecords(int.MaxValue, int.MaxValue, long.MaxValue);
        var assignments = counts.Select((_, i) => new Assignment($"s{i}")).ToArray();
        var read = assignments.Zip(counts).ToDictionary(a => a.First, a => Read(a.First, a.Second));
        var committed = assignments.ToDictionary(a => a, _ => new List<Record>());
        foreach (var chunk in read.Values)
        {
            Assert.True(records.ExpectAsync(chunk, CancellationToken.None).AsTask().IsCompletedSuccessfully);
        }

        var unfinished = read.Values.SelectMany(r => r).ToList();
        foreach (var (kind, n) in taken)
        {
            if (kind < 7 && unfinished.Count > 0)
            {
                var record = unfinished[n % unfinished.Count];
                unfinished.Remove(record);
                records.Finish([record]);
            }
            else if (kind < 9)
            {
                var ready = Take(records, n);
                Assert.True(ready.Count <= n);
                Assert.DoesNotContain(ready, record => record.Assignment.IsLost || !record.IsFinished);
                // A failed commit: they come again.
                records.PutBack();
                Assert.Equal(ready, Take(records, n));
                Assert.Equal(ready, records.Forget(ready));
                ready.ForEach(record => committed[record.Assignment].Add(record));
            }
            else
            {
                records.Drop([assignments[n % assignments.Length]]);
            }
        }

        records.Finish([.. unfinished]);
        Assert.False(records.IsAnyUnfinished);
        Take(records, int.MaxValue).ForEach(record => committed[record.Assignment].Add(record));
        Assert.All(assignments, a => Assert.Equal(read[a].Take(a.IsLost ? committed[a].Count : int.MaxValue), committed[a]));
    }

    private static List<Record> Take(UncommittedRecords records, int limit)
    {
        var batch = new List<Record>();
        records.Take(batch, limit);
        return batch;
    }

    private static Record[] Read(Assignment assignment, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Record(assignment, 10 * i, Rows.Empty, 0))];
}
