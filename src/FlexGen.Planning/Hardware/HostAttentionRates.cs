namespace FlexGen.Planning.Hardware;

/// <summary>Decode attention by the processor, over keys and values in host memory.</summary>
/// <param name="ByFormat">By the cache's format, nothing else being at work.</param>
/// <param name="BesideCopies">How many times as long it takes while the link to the GPU copies; 1 without a GPU.</param>
/// <param name="InTurns">The part of its time after which the next can be at work, too: its last cores leave the others free.</param>
public sealed record HostAttentionRates(IReadOnlyDictionary<string, AttentionRates> ByFormat, double BesideCopies, double InTurns);
