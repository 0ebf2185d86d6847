using FlexGen.Dataflow.Kafka;

namespace FlexGen.Dataflow;

/// <summary>The pipeline cannot run or go on; the message says what was found, what was expected and what to change.</summary>
public sealed class PipelineException : Exception
{
    public PipelineException(string message)
        : base(Secrets.Hide(message))
    {
    }

    public PipelineException(string message, Exception innerException)
        : base(Secrets.Hide(message), innerException)
    {
    }
}
