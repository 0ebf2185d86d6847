using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Ends;

/// <summary>Where records come from.</summary>
internal interface ISource : IAsyncDisposable
{
    RowSchema Schema { get; }

    /// <summary>How many records there are; null where no one can know.</summary>
    long? TotalRecords { get; }

    /// <summary>Positions that were deleted before they were read; null where that cannot be.</summary>
    long? DeletedUnread { get; }

    /// <summary>What tells a stream's content from another's of the same name.</summary>
    IReadOnlyDictionary<string, string> Identities { get; }

    /// <summary>The files that the streams are; null where they are none.</summary>
    SourceFiles? Files { get; }

    /// <summary>Entries of the files' footers that are carried into the output's; none where they are no files.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Holds what is said to be done against what there is.</summary>
    /// <exception cref="PipelineException">A position that is done is not there.</exception>
    void CheckDone(Coverage done);

    /// <summary>
    /// Reads the records that are not done by the <paramref name="ledger"/>, a few at a time, in the order of their origins; tells it of
    /// each, and of streams that this process has to give up, if only when it is disposed of.
    /// </summary>
    IAsyncEnumerable<Record[]> ReadAsync(ILedger ledger, CancellationToken cancellationToken);

    /// <summary>
    /// Finds the columns in what was read, where reading did not; marks the records for the dead letter that do not hold them. Called
    /// from several threads at once.
    /// </summary>
    void Decode(Record[] records);
}
