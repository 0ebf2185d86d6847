using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Sinks;

/// <summary>Where records go. What was written but not committed is as if it had never been, and disposing gives it up.</summary>
internal interface ISink : IAsyncDisposable
{
    /// <summary>The positions whose records this sink held when it was opened.</summary>
    Coverage Covered { get; }

    /// <summary>Takes a record; may commit.</summary>
    ValueTask WriteAsync(Record record);

    /// <summary>Commits if what is not committed has waited long enough.</summary>
    ValueTask CommitIfDueAsync();

    /// <summary>Makes everything written durable, together with the positions it came from.</summary>
    ValueTask CommitAsync();
}
