namespace FlexGen.Engine;

/// <summary>Natural logarithms of the probabilities that the model gave tokens at one place, before sampling options and token rules.</summary>
/// <param name="Chosen">Of the token that was chosen.</param>
/// <param name="Top">The likeliest tokens, the likeliest first.</param>
public sealed record TokenLogProbabilities(double Chosen, IReadOnlyList<(int Token, double LogProbability)> Top);
