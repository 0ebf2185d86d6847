namespace FlexGen.Planning.Cost;

/// <summary>Seconds of what a micro-batch computes in one sweep, by the sort of layer (<see cref="ComputeCosts.Sort"/>).</summary>
/// <param name="sorts">How many sorts there are.</param>
/// <param name="shares">Of the KV cache.</param>
internal sealed class MicroBatchCosts(int sorts, int shares)
{
    /// <summary>The half before attention; of a layer without, all of it.</summary>
    public double[] Project { get; } = new double[sorts];

    /// <summary>The half after attention.</summary>
    public double[] Complete { get; } = new double[sorts];

    /// <summary>Attention of the prompts.</summary>
    public double[] Prefill { get; } = new double[sorts];

    /// <summary>Of the thread that issues the layer's operations.</summary>
    public double[] Issue { get; } = new double[sorts];

    /// <summary>Of the same thread, for the prompts' attention.</summary>
    public double[] IssuePrefill { get; } = new double[sorts];

    /// <summary>Attention of each share's decoding sequences, where the share is attended to: [sort, share].</summary>
    public double[,] Decode { get; } = new double[sorts, shares];

    /// <summary>Bytes of the hidden states.</summary>
    public required double HiddenBytes { get; init; }
}
