namespace FlexGen.Constraints.Grammar;

/// <summary>Where one is in an object.</summary>
/// <param name="Used">The declared properties that it has.</param>
/// <param name="HasExtra">It has one without a name of its own.</param>
/// <param name="Count">How many it has, as far as that matters; 0 where it does not.</param>
internal sealed record ObjectPlace(NameSet Used, bool HasExtra, long Count);
