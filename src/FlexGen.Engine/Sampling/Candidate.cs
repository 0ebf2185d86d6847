namespace FlexGen.Engine.Sampling;

/// <summary>A token that can be drawn. Weights need not sum to one.</summary>
internal readonly record struct Candidate(int Token, double Weight);
