using System.Threading.Tasks.Dataflow;
using CsCheck;
using FlexGen.Dataflow.Generation;
using FlexGen.Dataflow.Records;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Generation;

public sealed class BatchFormerTests
{
    [Fact]
    public void Loses_repeats_and_holds_nothing_and_orders_each_batch_by_length()
    {
        var chunks = Gen.Int[0, 50].Array[1, 9].Array[0, 12];
        Gen.Select(chunks, Gen.Int[1, 20]).Sample((lengths, window) => CheckAsync(lengths, window).GetAwaiter().GetResult(), iter: 100);
    }

    [Fact]
    public async Task A_few_records_go_on_without_more_to_come()
    {
        var former = new BatchFormer(1_000, TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None);
        await former.Input.SendAsync(Records([3, 1, 2]));
        var batch = await former.Output.ReceiveAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(3, batch.Length);
        former.Input.Complete();
        await former.Completion;
    }

    [Fact]
    public async Task A_failure_before_it_goes_on_to_the_block_after_it()
    {
        var former = new BatchFormer(1_000, TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None);
        former.Input.Fault(new InvalidDataException("broken"));
        await Assert.ThrowsAnyAsync<Exception>(() => former.Completion);
        await Assert.ThrowsAnyAsync<Exception>(() => former.Output.Completion);
    }

    private static async Task CheckAsync(int[][] lengths, int window)
    {
        var former = new BatchFormer(window, TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None);
        var batches = new List<Record[]>();
        var collect = new ActionBlock<Record[]>(batches.Add);
        former.Output.LinkTo(collect, new DataflowLinkOptions { PropagateCompletion = true });
        var sent = lengths.Select(Records).ToArray();
        foreach (var chunk in sent)
        {
            await former.Input.SendAsync(chunk);
        }

        former.Input.Complete();
        await Task.WhenAll(former.Completion, collect.Completion);

        Assert.Equal(sent.SelectMany(r => r).ToHashSet(), batches.SelectMany(b => b).ToHashSet());
        Assert.Equal(sent.Sum(chunk => chunk.Length), batches.Sum(b => b.Length));
        Assert.All(batches.SkipLast(1), batch => Assert.True(batch.Length >= window));
        Assert.All(batches, batch => Assert.Equal(batch.Select(Length).OrderDescending(), batch.Select(Length)));
    }

    private static int Length(Record record) => record.Prompt!.TokenIds.Length;

    private static Record[] Records(int[] lengths) =>
        [.. lengths.Select((length, i) => new Record(new Assignment("s"), i, Rows.Empty, 0) { Prompt = new TokenizedPrompt("", new int[length]) })];
}
