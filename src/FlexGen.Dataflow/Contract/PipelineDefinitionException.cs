namespace FlexGen.Dataflow;

/// <summary>
/// The pipeline itself is wrong: its options, its output schema, or what they say of the source's columns. What it names and is not there, or cannot be
/// read, is a plain <see cref="PipelineException"/>.
/// </summary>
public sealed class PipelineDefinitionException : PipelineException
{
    public PipelineDefinitionException(string message)
        : base(message)
    {
    }

    /// <param name="lines">What is wrong, one line each.</param>
    public PipelineDefinitionException(IReadOnlyList<string> lines)
        : base(lines)
    {
    }

    public PipelineDefinitionException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
