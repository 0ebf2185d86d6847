namespace FlexGen.Dataflow;

/// <summary>What a run did.</summary>
/// <param name="Completed">Every record of the source is in output or dead letter; false where the run was stopped before that.</param>
/// <param name="RecordsAlreadyDone">Records that earlier runs had done.</param>
/// <param name="RecordsCompleted">Records that this run put into the output.</param>
/// <param name="RecordsFailed">Records that this run put into the dead letter.</param>
/// <param name="ErrorsByReason">How many of them for which reason.</param>
/// <param name="DeletedUnread">Offsets that the brokers deleted before they were read; null where the source is not Kafka.</param>
/// <param name="PromptTokens">Tokens of the prompts generated from.</param>
/// <param name="CompletionTokens">Tokens generated.</param>
/// <param name="Elapsed">From the first record's reading to the last commit.</param>
/// <param name="Output">Where the output is.</param>
/// <param name="DeadLetter">Where the dead letter is.</param>
public sealed record PipelineSummary(
    bool Completed,
    long RecordsAlreadyDone,
    long RecordsCompleted,
    long RecordsFailed,
    IReadOnlyDictionary<string, long> ErrorsByReason,
    long? DeletedUnread,
    long PromptTokens,
    long CompletionTokens,
    TimeSpan Elapsed,
    string Output,
    string DeadLetter);
