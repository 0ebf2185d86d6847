using FlexGen.Constraints.Lexing;

namespace FlexGen.Constraints.Grammar;

/// <summary>What a value may be.</summary>
/// <param name="Text">The start of texts, after their first quote; null where it may be none.</param>
/// <param name="Scalar">The start of numbers and of what is written in letters; null where it may be none.</param>
/// <param name="Objects">Kinds of objects.</param>
/// <param name="Arrays">Kinds of arrays.</param>
/// <param name="Cost">Tokens, at most, that the shortest value takes.</param>
/// <param name="Depth">How deep that is: 0 where it is no object or array.</param>
internal sealed record ValueRule(LexState? Text, LexState? Scalar, ObjectRule[] Objects, ArrayRule[] Arrays, int Cost, int Depth);
