namespace FlexGen.Planning.Cost;

/// <summary>Tokens of one sequence.</summary>
/// <param name="Prompt">At least 1.</param>
/// <param name="Output">Tokens that it generates, at least 1.</param>
public readonly record struct SequenceLengths(int Prompt, int Output);
