using FlexGen.Constraints.Grammar;
using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Compilation;

/// <summary>What a value may be, before it is known which rules it refers to have values at all.</summary>
/// <param name="Text">Texts.</param>
/// <param name="Scalar">Numbers and words.</param>
/// <param name="Objects">Kinds of objects.</param>
/// <param name="Arrays">Kinds of arrays.</param>
internal sealed record RuleDraft(RegexNode Text, RegexNode Scalar, List<ObjectRule> Objects, List<ArrayRule> Arrays);
