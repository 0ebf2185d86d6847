namespace FlexGen.Dataflow;

/// <summary>One record cannot be processed. It goes to the dead letter with this reason; the records around it go on.</summary>
/// <param name="reason">A short stable code, such as <c>prompt_too_long</c>.</param>
/// <param name="message">What was found, what was expected and what to change.</param>
/// <param name="inner">What was thrown that should not have been.</param>
public sealed class RecordException(string reason, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The reason of what no one foresaw.</summary>
    public const string Unexpected = "unexpected_error";

    public string Reason { get; } = reason;

    /// <summary>Whether what work on a single record threw is that record's: all but running out of memory and being cancelled.</summary>
    public static bool IsOfRecord(Exception e) => e is not (OutOfMemoryException or OperationCanceledException);

    /// <summary>The exception itself, or one that names it as unexpected.</summary>
    /// <param name="e">What was thrown.</param>
    /// <param name="doing">What was being done to the record, such as "checking the output".</param>
    public static RecordException Of(Exception e, string doing) =>
        e as RecordException ?? new RecordException(Unexpected, $"unexpected {e.GetType().Name} when {doing}: {e.Message}", e);
}
