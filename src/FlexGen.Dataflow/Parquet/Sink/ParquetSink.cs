using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Results;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>Output and dead letter in Parquet folders of their own; a record is done when a part file of either covers it. Safe for several threads.</summary>
/// <param name="output">Where results go; the sink's to dispose.</param>
/// <param name="deadLetter">Where error records go; the sink's to dispose.</param>
/// <param name="results">The columns of what outputs hold; null: none.</param>
/// <param name="onDelivered">Told of each record that is in a part file.</param>
internal sealed class ParquetSink(PartWriter output, PartWriter deadLetter, ResultColumns? results, Action<Record> onDelivered) : ISink
{
    private readonly SemaphoreSlim one = new(1);

    /// <summary>What is in an unfinished part file after a failure no one knows: nothing may follow it.</summary>
    private volatile PipelineException? failure;

    // Values are encoded by columns; what the output holds is told apart here, where several threads do it.
    public void Encode(Record record) => record.Results = results?.Read(record.Completion!.Text);

    public ValueTask WriteAsync(Record[] records) => ChangeAsync(async () =>
    {
        foreach (var record in records.Where(record => !record.Assignment.IsLost))
        {
            await (record.Error is null ? output : deadLetter).WriteAsync(record);
            record.Assignment.CountDelivered();
            onDelivered(record);
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

    /// <summary>Writes a part file that says where streams begin.</summary>
    /// <exception cref="PipelineException">It cannot, or the sink is broken.</exception>
    public ValueTask BeginAsync(IEnumerable<string> streams) => ChangeAsync(() => output.BeginAsync(streams));

    /// <exception cref="PipelineException">The sink is broken.</exception>
    public void ThrowIfBroken()
    {
        if (failure is not null)
        {
            throw failure;
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
            ThrowIfBroken();
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
