namespace FlexGen.Demo.Training;

/// <summary>Linear warm-up, then half a cosine down to almost nothing.</summary>
internal static class LearningRate
{
    private const double LeastShare = 0.01;
    private const int WarmUpSteps = 400;

    /// <param name="peak">The highest.</param>
    /// <param name="step">From 1.</param>
    /// <param name="progress">The share of the training that is done, from 0 to 1.</param>
    public static double At(double peak, int step, double progress) =>
        peak * (LeastShare + ((1 - LeastShare) * (1 + Math.Cos(Math.PI * Math.Min(1, progress))) / 2)) * Math.Min(1, step / (double)WarmUpSteps);
}
