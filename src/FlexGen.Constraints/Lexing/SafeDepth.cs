namespace FlexGen.Constraints.Lexing;

/// <summary>How many code points may be whatever they like without a text becoming impossible.</summary>
/// <param name="Depth">How many, at least.</param>
/// <param name="Reached">All that may be reached by so many, the start too.</param>
internal sealed record SafeDepth(int Depth, CharState[] Reached);
