namespace FlexGen.Planning.Hardware;

/// <summary>What one decoder layer of a kind costs for one micro-batch beside its products, its attention and its elements.</summary>
/// <param name="IssueSeconds">Of the thread that issues its operations one by one; on a CPU of the operations themselves.</param>
/// <param name="RecordedSeconds">Of the GPU for its small kernels one after another, when the sweep is recorded; 0 on a CPU.</param>
/// <param name="PromptSeconds">Likewise as the first, for each group of prompts that are attended to together, in addition.</param>
/// <param name="ManyRowsSeconds">As the first, with more rows than <see cref="ManyRows"/>, where 4-bit weights are unpacked for each product.</param>
public sealed record LayerOverhead(double IssueSeconds, double RecordedSeconds, double PromptSeconds, double ManyRowsSeconds)
{
    /// <summary>The most rows of a product of few.</summary>
    public const int ManyRows = 128;

    /// <summary>Of the thread that issues, for a pass of some rows.</summary>
    public double Issue(int rows) => rows > ManyRows ? ManyRowsSeconds : IssueSeconds;
}
