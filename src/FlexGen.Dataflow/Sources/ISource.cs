using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Sources;

/// <summary>Where records come from.</summary>
internal interface ISource
{
    RowSchema Schema { get; }

    /// <summary>How many records there are; null where no one can know.</summary>
    long? TotalRecords { get; }

    /// <summary>What tells a stream's content from another's of the same name.</summary>
    IReadOnlyDictionary<string, string> Identities { get; }

    /// <summary>Reads the records that are not done, a few at a time, in the order of their origins.</summary>
    IAsyncEnumerable<Record[]> ReadAsync(Coverage done, CancellationToken cancellationToken);
}
