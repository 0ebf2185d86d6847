namespace FlexGen.Planning.Plans;

/// <summary>What planning knows of one layer.</summary>
/// <param name="Weights">Its weights, in checkpoint order.</param>
/// <param name="Elements">What it makes on its way; null: it has no attention, and makes less than those that have.</param>
/// <param name="Window">How many tokens one sees; null: all before it.</param>
public sealed record LayerOutline(IReadOnlyList<WeightShape> Weights, RowElements? Elements = null, int? Window = null);
