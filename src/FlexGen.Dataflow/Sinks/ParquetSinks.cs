using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Sinks;

/// <summary>Output and dead letter in Parquet folders of their own; a record is done when a part file of either covers it.</summary>
internal sealed class ParquetSinks(ParquetSink output, ParquetSink deadLetter, ILogger log) : ISink
{
    private readonly SemaphoreSlim one = new(1);

    public ValueTask<IntervalSet> CoveredAsync(string stream) => AloneAsync(() =>
    {
        var covered = output.Covered[stream].Copy();
        covered.AddAll(deadLetter.Covered[stream]);
        return ValueTask.FromResult(covered);
    });

    public Action<Record> OnDelivered { private get; set; } = _ => { };

    public ValueTask ExpectAsync(IReadOnlyList<Record> records, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public void Encode(Record record)
    {
    }

    public async ValueTask WriteAsync(Record[] records) => await AloneAsync(async () =>
    {
        foreach (var record in records.Where(record => !record.Assignment.IsLost))
        {
            await (record.Error is null ? output : deadLetter).WriteAsync(record);
            record.Assignment.CountDelivered();
            OnDelivered(record);
        }
        return true;
    });

    public async ValueTask CommitIfDueAsync() => await AloneAsync(async () =>
    {
        await output.CommitIfDueAsync();
        await deadLetter.CommitIfDueAsync();
        return true;
    });

    public async ValueTask CommitAsync() => await AloneAsync(CommitBothAsync);

    public async ValueTask ReleaseAsync(IReadOnlyCollection<Assignment> assignments) => await AloneAsync(async () =>
    {
        try
        {
            // What is in an unfinished part file would otherwise be written again when the stream comes back.
            return await CommitBothAsync();
        }
        catch (PipelineException e)
        {
            Log.ReleaseFailed(log, e.Message);
            throw;
        }
        finally
        {
            foreach (var assignment in assignments)
            {
                assignment.Lose();
            }
        }
    });

    public async ValueTask DisposeAsync()
    {
        await output.DisposeAsync();
        await deadLetter.DisposeAsync();
    }

    private async ValueTask<bool> CommitBothAsync()
    {
        await output.CommitAsync();
        await deadLetter.CommitAsync();
        return true;
    }

    private async ValueTask<T> AloneAsync<T>(Func<ValueTask<T>> action)
    {
        await one.WaitAsync();
        try
        {
            return await action();
        }
        finally
        {
            one.Release();
        }
    }
}
