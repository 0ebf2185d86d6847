namespace FlexGen.Planning.Plans;

/// <summary>What planning knows of one layer.</summary>
/// <param name="Weights">Its weights, in checkpoint order.</param>
/// <param name="Elements">What it makes on its way; null: it has no attention, and makes less than those that have.</param>
/// <param name="Window">How many tokens one sees; null: all before it.</param>
/// <param name="Kind">Layers of one kind issue the same operations; null: it has no attention.</param>
public sealed record LayerOutline(IReadOnlyList<WeightShape> Weights, RowElements? Elements = null, int? Window = null, string? Kind = null);
