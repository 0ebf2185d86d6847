namespace FlexGen.Dataflow;

/// <summary>One record cannot be processed. It goes to the dead letter with this reason; the records around it go on.</summary>
/// <param name="reason">A short stable code, such as <c>prompt_too_long</c>.</param>
/// <param name="message">What was found, what was expected and what to change.</param>
public sealed class RecordException(string reason, string message) : Exception(message)
{
    public string Reason { get; } = reason;
}
