using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>Output and dead letter in Parquet folders of their own; a record is done when a part file of either covers it.</summary>
internal sealed class ParquetSinks(ParquetSink output, ParquetSink deadLetter, PartTopics topics, ILogger log) : ISink
{
    private readonly SemaphoreSlim one = new(1);

    /// <summary>What is in an unfinished part file after a failure no one knows: nothing may follow it.</summary>
    private PipelineException? failure;

    public bool KeepsPositions => true;

    public Action<Record> OnDelivered { private get; set; } = _ => { };

    public async ValueTask<IntervalSet> CoveredAsync(string stream)
    {
        // It may be one that was not there when the folders were opened.
        topics.Check(stream);
        await one.WaitAsync();
        try
        {
            var covered = output.Covered[stream].Copy();
            covered.AddAll(deadLetter.Covered[stream]);
            return covered;
        }
        finally
        {
            one.Release();
        }
    }

    public IReadOnlyDictionary<string, long> Starts => topics.Starts;

    public ValueTask BeginAsync(IReadOnlyDictionary<string, long> starts) => ChangeAsync(() =>
    {
        topics.Begin(starts);
        return output.BeginAsync(starts);
    });

    public ValueTask ExpectAsync(IReadOnlyList<Record> records, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public void Encode(Record record)
    {
    }

    public ValueTask WriteAsync(Record[] records) => ChangeAsync(async () =>
    {
        foreach (var record in records.Where(record => !record.Assignment.IsLost))
        {
            await (record.Error is null ? output : deadLetter).WriteAsync(record);
            record.Assignment.CountDelivered();
            OnDelivered(record);
        }
    });

    public ValueTask CommitIfDueAsync() => ChangeAsync(async () =>
    {
        await output.CommitIfDueAsync();
        await deadLetter.CommitIfDueAsync();
    });

    public ValueTask CommitAsync() => ChangeAsync(async () =>
    {
        await output.CommitAsync();
        await deadLetter.CommitAsync();
    });

    public async ValueTask ReleaseAsync(IReadOnlyCollection<Assignment> assignments)
    {
        try
        {
            // What is in an unfinished part file would otherwise be written again when the stream comes back.
            await CommitAsync();
        }
        catch (PipelineException e)
        {
            Log.ReleaseFailed(log, e.Message);
        }
        foreach (var assignment in assignments)
        {
            assignment.Lose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await output.DisposeAsync();
        await deadLetter.DisposeAsync();
    }

    private async ValueTask ChangeAsync(Func<ValueTask> change)
    {
        await one.WaitAsync();
        try
        {
            if (failure is not null)
            {
                throw failure;
            }
            await change();
        }
        catch (Exception e)
        {
            failure ??= e as PipelineException ?? new PipelineException($"sink.parquet: {e.Message}", e);
            throw failure;
        }
        finally
        {
            one.Release();
        }
    }
}
