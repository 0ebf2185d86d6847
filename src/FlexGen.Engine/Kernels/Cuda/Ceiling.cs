namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>How many parts something has whose last may be smaller, as blocks of a launch and groups of a weight are counted.</summary>
internal static class Ceiling
{
    /// <summary>amount / by, rounded up.</summary>
    /// <param name="amount">Not negative.</param>
    /// <param name="by">Of a part.</param>
    public static long Divide(long amount, long by) => (amount + by - 1) / by;

    /// <inheritdoc cref="Divide(long, long)"/>
    public static int Divide(int amount, int by) => (int)Divide((long)amount, by);
}
