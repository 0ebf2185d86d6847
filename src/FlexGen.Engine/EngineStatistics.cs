namespace FlexGen.Engine;

/// <summary>Counts since the engine was loaded.</summary>
/// <param name="Sweeps">Passes over all layers.</param>
/// <param name="PromptTokens">Tokens prefilled.</param>
/// <param name="GeneratedTokens">Tokens generated.</param>
public readonly record struct EngineStatistics(long Sweeps, long PromptTokens, long GeneratedTokens);
