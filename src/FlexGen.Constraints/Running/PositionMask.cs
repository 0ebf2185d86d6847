using FlexGen.Constraints.Lexing;

namespace FlexGen.Constraints.Running;

/// <summary>The tokens that a position allows.</summary>
/// <param name="Text">Those that end in the text that the position is in; null where it is in none.</param>
/// <param name="Tokens">The others.</param>
/// <param name="Costs">For each of those, tokens, at most, of the shortest way from there to the end of the document.</param>
/// <param name="MostCost">The largest of them.</param>
/// <param name="Unsure">Tokens of which it must be seen each time whether they are allowed.</param>
internal sealed record PositionMask(LexMask? Text, int[] Tokens, int[] Costs, int MostCost, int[] Unsure);
