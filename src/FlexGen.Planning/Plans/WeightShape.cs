namespace FlexGen.Planning.Plans;

/// <summary>One weight of a layer.</summary>
/// <param name="Name">Layers that name the same weight share it.</param>
/// <param name="Rows">Its rows: a linear layer's weight is [out, in].</param>
/// <param name="Columns">Elements of a row.</param>
public readonly record struct WeightShape(string Name, long Rows, long Columns);
