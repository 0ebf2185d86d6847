namespace FlexGen.Dataflow;

/// <summary>What validating a pipeline found.</summary>
/// <param name="TotalRecords">Records in the source; null where no one can know.</param>
/// <param name="RecordsAlreadyDone">Records that earlier runs have done.</param>
/// <param name="Columns">The source's columns.</param>
/// <param name="SchemaKeywords">Where the keywords of the output's schema stand, as JSON pointers; null without one.</param>
public sealed record PipelineValidation(long? TotalRecords, long RecordsAlreadyDone, IReadOnlyList<string> Columns, IReadOnlyList<string>? SchemaKeywords)
{
    /// <summary>Prompts of some records that are not done, where they were asked for and can be known.</summary>
    public IReadOnlyList<Prompt> Sample { get; init; } = [];
}
