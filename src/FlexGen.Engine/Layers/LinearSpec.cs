namespace FlexGen.Engine.Layers;

/// <summary>A linear layer: its weight, [out, in], and its bias, [out], if it has one.</summary>
internal readonly record struct LinearSpec(WeightSpec Weight, WeightSpec? Bias);
