using System.Collections.Concurrent;
using System.Threading.Tasks.Dataflow;
using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Generation;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow;

/// <summary>
/// The blocks that a record goes through. All are bounded, so the slowest sets the pace and memory stays flat; what fails in one ends
/// all. A record that becomes an error goes through the blocks after that one untouched.
/// </summary>
internal sealed class PipelineGraph : IDisposable
{
    /// <summary>Finished records wait in so many arrays at most before each block: some have one record, some what a batch has.</summary>
    private const int ArraysWaiting = 2;

    /// <summary>
    /// Bytes of records between source and sink at most. A prompt is several times as large as its row: two bytes a character, and four a
    /// token.
    /// </summary>
    private const long BytesInFlight = 32 << 20;
    private static readonly TimeSpan formerDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan commitCheckPeriod = TimeSpan.FromSeconds(1);

    private readonly PipelineSetup setup;
    private readonly OpenedSink opened;
    private readonly IGenerator generator;
    private readonly TimeProvider time;
    private readonly ILogger log;

    private readonly ByteBudget bytes = new(BytesInFlight);
    private readonly ConcurrentDictionary<(Type, string), bool> unexpected = [];
    private readonly CancellationTokenSource abort = new();
    private readonly CancellationTokenSource giveUp;
    private readonly TransformBlock<Record[], Record[]> prepare;
    private readonly BatchFormer former;
    private readonly GenerateBlock generate;
    private readonly TransformBlock<Record[], Record[]> finish;
    private readonly ActionBlock<Record[]> write;
    private Exception? failure;

    public PipelineGraph(PipelineSetup setup, OpenedSink opened, IGenerator generator, TimeProvider time, ILogger log, CancellationToken stop)
    {
        this.setup = setup;
        this.opened = opened;
        this.generator = generator;
        this.time = time;
        this.log = log;
        giveUp = CancellationTokenSource.CreateLinkedTokenSource(stop, abort.Token);

        // Twice what the generator works on, so that its queue does not run dry while a batch is on its way.
        var inFlight = 2 * generator.Concurrency;
        prepare = new(Prepare, Parallel(Environment.ProcessorCount, 2 * Environment.ProcessorCount));
        former = new BatchFormer(Math.Max(64, 4 * generator.Concurrency), formerDelay, time, abort.Token);
        generate = new GenerateBlock(generator, inFlight, ArraysWaiting, giveUp.Token, abort.Token);
        finish = new(Finish, Parallel(Environment.ProcessorCount, ArraysWaiting));
        write = new(WriteAsync, Parallel(1, ArraysWaiting));

        var link = new DataflowLinkOptions { PropagateCompletion = true };
        prepare.LinkTo(former.Input, link);
        former.Output.LinkTo(generate.Input, link);
        generate.Output.LinkTo(finish, link);
        finish.LinkTo(write, link);
    }

    /// <summary>Records that were given up when the run was stopped.</summary>
    public long Dropped { get; private set; }

    /// <summary>Runs until every record that is not done is committed, or until the run is stopped and what was complete is committed.</summary>
    /// <returns>Whether the source was read to its end.</returns>
    public async Task<bool> RunAsync()
    {
        await using var ticks = time.CreateTimer(_ => write.Post([]), null, commitCheckPeriod, commitCheckPeriod);
        var blocks = Task.WhenAll(
            Watch(prepare.Completion),
            Watch(former.Completion),
            Watch(generate.Completion),
            Watch(finish.Completion),
            Watch(write.Completion));
        var isRead = await ReadAsync();
        prepare.Complete();
        await blocks;
        if (failure is not null)
        {
            throw failure is PipelineException ? failure : new PipelineException($"the run failed: {failure.Message}", failure);
        }

        await opened.Sink.CommitAsync();
        return isRead;
    }

    public void Dispose()
    {
        generate.Dispose();
        giveUp.Dispose();
        abort.Dispose();
    }

    private ExecutionDataflowBlockOptions Parallel(int degree, int capacity) => new()
    {
        MaxDegreeOfParallelism = degree,
        BoundedCapacity = capacity,
        EnsureOrdered = false,
        CancellationToken = abort.Token,
    };

    // Never fails, so that awaiting all waits for all.
    private async Task Watch(Task block)
    {
        try
        {
            await block;
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private void Fail(Exception e)
    {
        if (e is not OperationCanceledException || !abort.IsCancellationRequested)
        {
            Interlocked.CompareExchange(ref failure, e, null);
        }

        abort.Cancel();
        // A block whose input had ended before it was cancelled keeps what its target no longer takes, and would never end.
        foreach (var block in (ISourceBlock<Record[]>[])[prepare, former.Output, generate.Output, finish])
        {
            block.LinkTo(DataflowBlock.NullTarget<Record[]>());
        }
    }

    private async Task<bool> ReadAsync()
    {
        try
        {
            await foreach (var read in setup.Source.ReadAsync(opened.Ledger, giveUp.Token))
            {
                await bytes.TakeAsync(read.Sum(record => record.Bytes), giveUp.Token);
                if (giveUp.IsCancellationRequested || !await prepare.SendAsync(read, giveUp.Token))
                {
                    return false;
                }
            }

            return true;
        }
        catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e)
        {
            Fail(e);
            return false;
        }
    }

    private Record[] Prepare(Record[] records)
    {
        setup.Source.Decode(records);
        foreach (var record in records)
        {
            if (giveUp.IsCancellationRequested)
            {
                break;
            }

            if (record.Error is not null)
            {
                continue;
            }

            var doing = "rendering its prompt";
            try
            {
                var prompt = setup.Prompt.Render(record.Rows, record.Row);
                doing = "tokenising its prompt";
                record.Prompt = generator.Tokenize(prompt);
            }
            catch (Exception e) when (RecordException.IsOfRecord(e))
            {
                Fail(record, e, doing);
            }
        }

        return records;
    }

    private Record[] Finish(Record[] records)
    {
        foreach (var record in records)
        {
            var doing = "checking its output";
            try
            {
                if (record is { Error: null, Completion: { } completion })
                {
                    RequireWhole(completion);
                    setup.Schema?.Check(completion.Text);
                    doing = "encoding its result";
                    opened.Sink.Encode(record);
                }
            }
            catch (Exception e) when (RecordException.IsOfRecord(e))
            {
                Fail(record, e, doing);
            }
        }

        return records;
    }

    private static void RequireWhole(Completion completion)
    {
        if (completion.Incomplete is { } why)
        {
            throw new RecordException("output_incomplete", why);
        }
    }

    // What no one foresaw is this record's as well: the run would end on it again after each restart.
    private void Fail(Record record, Exception e, string doing)
    {
        var failed = RecordException.Of(e, doing);
        if (failed.InnerException is { } inner && unexpected.TryAdd((inner.GetType(), doing), true))
        {
            Log.RecordFailedUnexpectedly(log, inner, record.Origin.ToString(), doing);
        }

        record.Fail(failed.Reason, failed.Message);
    }

    private async Task WriteAsync(Record[] records)
    {
        var done = Array.FindAll(records, record => !record.IsDropped);
        Dropped += records.Length - done.Length;
        foreach (var record in done)
        {
            if (record.Error is { } error)
            {
                Log.RecordFailed(log, record.Origin.ToString(), error.Reason, error.Message);
            }
        }

        await opened.Sink.WriteAsync(done);
        bytes.Return(records.Sum(record => record.Bytes));
        await opened.Sink.CommitIfDueAsync();
    }
}
