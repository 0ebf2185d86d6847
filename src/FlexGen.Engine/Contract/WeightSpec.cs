namespace FlexGen.Engine;

/// <summary>One weight of a layer.</summary>
/// <param name="Name">Its name in the checkpoint. Two layers that name the same weight share it (a tied head).</param>
/// <param name="Shape">Its shape, as stored: a linear layer's weight is [out, in].</param>
/// <param name="Index">Its place in the layer's list.</param>
/// <param name="IsLinear">Whether it is a linear layer's weight, and nothing else: those can be kept in 4 bits.</param>
public sealed record WeightSpec(string Name, IReadOnlyList<long> Shape, int Index, bool IsLinear = false);
