using System.Threading.Tasks.Dataflow;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Generation;

/// <summary>
/// Keeps a bounded number of prompts in the generator. Records go on as they finish, in any order: those whose completions are there at
/// once together, each other by itself.
/// </summary>
internal sealed class GenerateBlock : IDisposable
{
    private readonly IGenerator generator;
    private readonly int inFlight;
    private readonly CancellationToken giveUp;
    private readonly CancellationToken abort;
    private readonly SemaphoreSlim room;
    private readonly ActionBlock<Record[]> input;
    private readonly BufferBlock<Record[]> output;

    /// <param name="generator">Makes the completions.</param>
    /// <param name="inFlight">The most prompts that it is given at once.</param>
    /// <param name="capacity">How many arrays of finished records may wait.</param>
    /// <param name="giveUp">Ends generating: what is in flight or comes later passes as it is.</param>
    /// <param name="abort">Ends everything.</param>
    public GenerateBlock(IGenerator generator, int inFlight, int capacity, CancellationToken giveUp, CancellationToken abort)
    {
        this.generator = generator;
        this.inFlight = inFlight;
        this.giveUp = giveUp;
        this.abort = abort;
        room = new SemaphoreSlim(inFlight);
        input = new(StartAsync, new ExecutionDataflowBlockOptions { BoundedCapacity = 1, CancellationToken = abort });
        output = new(new DataflowBlockOptions { BoundedCapacity = capacity, CancellationToken = abort });
        Completion = CompleteAsync();
    }

    public ITargetBlock<Record[]> Input => input;

    public ISourceBlock<Record[]> Output => output;

    public Task Completion { get; }

    public void Dispose() => room.Dispose();

    private async Task StartAsync(Record[] records)
    {
        var finished = new List<Record>(records.Length);
        foreach (var record in records)
        {
            if (!room.Wait(0, abort))
            {
                await SendAsync(finished);
                await room.WaitAsync(abort);
            }

            var generating = GenerateAsync(record);
            if (generating.IsCompletedSuccessfully)
            {
                room.Release();
                finished.Add(record);
            }
            else
            {
                _ = FinishAsync(generating.AsTask(), record);
            }
        }

        await SendAsync(finished);
    }

    private async ValueTask GenerateAsync(Record record)
    {
        if (record.Prompt is not { } prompt || giveUp.IsCancellationRequested)
        {
            return;
        }

        try
        {
            record.Completion = await generator.GenerateAsync(prompt, giveUp);
            record.Prompt = null;
        }
        catch (RecordException e)
        {
            record.Fail(e.Reason, e.Message);
        }
        catch (OperationCanceledException)
        {
            // The record is dropped: see IGenerator.
        }
    }

    private async Task FinishAsync(Task generating, Record record)
    {
        try
        {
            await generating;
            await output.SendAsync([record], abort);
        }
        catch (Exception e)
        {
            ((IDataflowBlock)input).Fault(e);
            ((IDataflowBlock)output).Fault(e);
        }

        room.Release();
    }

    private async ValueTask SendAsync(List<Record> finished)
    {
        if (finished.Count > 0)
        {
            await output.SendAsync([.. finished], abort);
            finished.Clear();
        }
    }

    private async Task CompleteAsync()
    {
        try
        {
            await input.Completion;
            for (var i = 0; i < inFlight; i++)
            {
                await room.WaitAsync(abort);
            }

            output.Complete();
        }
        catch (Exception e)
        {
            ((IDataflowBlock)output).Fault(e);
        }

        await output.Completion;
    }
}
