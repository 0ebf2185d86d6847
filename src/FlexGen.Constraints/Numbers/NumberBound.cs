namespace FlexGen.Constraints.Numbers;

/// <summary>A limit of numbers.</summary>
/// <param name="Value">Where it is.</param>
/// <param name="IsExclusive">The limit itself is beyond it.</param>
internal sealed record NumberBound(DecimalNumber Value, bool IsExclusive);
