using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Ends;

/// <summary>
/// Where records go, outputs and errors. What was written but not committed is as if it had never been, and disposing gives it up. Written
/// to by one thread.
/// </summary>
internal interface ISink : IAsyncDisposable
{
    /// <summary>Makes of a completed record what can be made before it is written. Called from several threads at once.</summary>
    /// <exception cref="RecordException">It holds what the sink cannot write.</exception>
    void Encode(Record record);

    /// <summary>Takes records that the ledger was told to expect, but for those of lost assignments, which are another's to deliver; may commit.</summary>
    /// <exception cref="PipelineException">They cannot be written, or the sink is broken.</exception>
    ValueTask WriteAsync(Record[] records);

    /// <summary>Commits if what is not committed has waited long enough.</summary>
    /// <exception cref="PipelineException">It cannot, or the sink is broken.</exception>
    ValueTask CommitIfDueAsync();

    /// <summary>Makes everything written durable, together with the positions it came from.</summary>
    /// <exception cref="PipelineException">It cannot, or the sink is broken.</exception>
    ValueTask CommitAsync();
}
