namespace FlexGen.Engine;

/// <summary>Counts since the engine was loaded.</summary>
/// <param name="Sweeps">Passes over all layers.</param>
/// <param name="PromptTokens">Tokens prefilled.</param>
/// <param name="GeneratedTokens">Tokens generated.</param>
/// <param name="InPrefill">Time of the sweeps in which a prompt was prefilled.</param>
/// <param name="InDecode">Time of the other sweeps.</param>
/// <param name="PeakGpuBytes">Of each compute device, the most of its memory in use after a sweep, the CUDA context included; 0 without a GPU.</param>
public readonly record struct EngineStatistics(
    long Sweeps, long PromptTokens, long GeneratedTokens, TimeSpan InPrefill, TimeSpan InDecode, IReadOnlyList<long> PeakGpuBytes)
{
    /// <summary>What was added since; peaks stay.</summary>
    public static EngineStatistics operator -(EngineStatistics now, EngineStatistics before) => new(
        now.Sweeps - before.Sweeps, now.PromptTokens - before.PromptTokens, now.GeneratedTokens - before.GeneratedTokens,
        now.InPrefill - before.InPrefill, now.InDecode - before.InDecode, now.PeakGpuBytes);
}
