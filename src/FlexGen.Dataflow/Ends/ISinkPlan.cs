using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Ends;

/// <summary>Where records are to go, checked; nothing is taken or written yet.</summary>
internal interface ISinkPlan
{
    /// <summary>The folder or topic of the output.</summary>
    string Output { get; }

    /// <summary>The folder or topic of the dead letter.</summary>
    string DeadLetter { get; }

    /// <summary>What earlier runs have done.</summary>
    /// <exception cref="PipelineException">What is there does not fit.</exception>
    Task<Coverage> ReadDoneAsync(CancellationToken cancellationToken);

    /// <summary>Takes what it writes to for this process.</summary>
    /// <param name="onDelivered">Told of each record when it is this process's no longer, for it is where it belongs.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="PipelineException">What is there does not fit, or is another's.</exception>
    Task<OpenedSink> OpenAsync(Action<Record> onDelivered, CancellationToken cancellationToken);
}
