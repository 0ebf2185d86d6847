namespace FlexGen.Dataflow;

/// <summary>The pipeline cannot run or go on; the message says what was found, what was expected and what to change.</summary>
public class PipelineException : Exception
{
    public PipelineException(string message)
        : base(Secrets.Hide(message)) => Lines = [Message];

    /// <param name="lines">What is wrong, one line each.</param>
    public PipelineException(IReadOnlyList<string> lines)
        : base(Secrets.Hide(string.Join(Environment.NewLine, lines))) => Lines = [.. lines.Select(Secrets.Hide)];

    public PipelineException(string message, Exception innerException)
        : base(Secrets.Hide(message), innerException) => Lines = [Message];

    /// <summary>The lines of the message; a line break within one of them is a value's.</summary>
    public IReadOnlyList<string> Lines { get; }
}
