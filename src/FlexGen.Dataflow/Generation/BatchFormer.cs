using System.Threading.Tasks.Dataflow;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Generation;

/// <summary>
/// Gathers records into batches of similar prompt length, so that sequences admitted together need little padding. A batch goes on when
/// a window of records is together, or when its first has waited for the delay.
/// </summary>
internal sealed class BatchFormer
{
    // A message of no records only makes the former look at the clock.
    private static readonly Record[] tick = [];

    private readonly int window;
    private readonly TimeSpan delay;
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private readonly ActionBlock<Record[]> input;
    private readonly BufferBlock<Record[]> output;
    private readonly List<Record> waiting = [];
    private long firstAt;

    public BatchFormer(int window, TimeSpan delay, TimeProvider time, CancellationToken abort)
    {
        this.window = window;
        this.delay = delay;
        this.time = time;
        input = new(GatherAsync, new ExecutionDataflowBlockOptions { BoundedCapacity = 2, CancellationToken = abort });
        output = new(new DataflowBlockOptions { BoundedCapacity = 1, CancellationToken = abort });
        timer = time.CreateTimer(_ => input.Post(tick), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Completion = CompleteAsync();
    }

    public ITargetBlock<Record[]> Input => input;

    public ISourceBlock<Record[]> Output => output;

    public Task Completion { get; }

    private async Task GatherAsync(Record[] records)
    {
        if (waiting.Count == 0 && records.Length > 0)
        {
            firstAt = time.GetTimestamp();
            // Again and again: a timer may be early, and its message is lost while the input is full.
            timer.Change(delay, delay);
        }

        waiting.AddRange(records);
        if (waiting.Count >= window || (waiting.Count > 0 && time.GetElapsedTime(firstAt) >= delay))
        {
            await SendAsync();
        }
    }

    private async Task SendAsync()
    {
        // Longest first: what takes long begins early.
        waiting.Sort((a, b) => Length(b).CompareTo(Length(a)));
        var batch = waiting.ToArray();
        waiting.Clear();
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await output.SendAsync(batch);
    }

    private async Task CompleteAsync()
    {
        try
        {
            await input.Completion;
            if (waiting.Count > 0)
            {
                await SendAsync();
            }

            output.Complete();
        }
        catch (Exception e)
        {
            ((IDataflowBlock)output).Fault(e);
        }

        await timer.DisposeAsync();
        await output.Completion;
    }

    private static int Length(Record record) => record.Prompt switch
    {
        null => 0,
        { TokenIds.Length: > 0 } prompt => prompt.TokenIds.Length,
        { } prompt => prompt.Text.Length,
    };
}
