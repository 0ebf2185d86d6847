using FlexGen.Dataflow;

namespace FlexGen.Worker.Reporting;

/// <summary>Shows how far a pipeline is while it runs.</summary>
internal interface IProgressDisplay
{
    /// <summary>Shows the pipeline's progress until <paramref name="run"/> has ended, well or not; never throws what it threw.</summary>
    Task ShowAsync(string name, Pipeline pipeline, Task run);
}
