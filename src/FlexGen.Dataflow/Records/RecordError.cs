namespace FlexGen.Dataflow.Records;

/// <summary>Why a record goes to the dead letter.</summary>
/// <param name="Reason">A short stable code.</param>
/// <param name="Message">What was found and what was expected.</param>
internal sealed record RecordError(string Reason, string Message);
