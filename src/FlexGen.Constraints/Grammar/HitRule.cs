namespace FlexGen.Constraints.Grammar;

/// <summary>How many items of one kind an array has.</summary>
/// <param name="Min">At least.</param>
/// <param name="Max">At most.</param>
internal sealed record HitRule(long Min, long Max);
