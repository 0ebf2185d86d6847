using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Quantization;

/// <summary>A linear layer's weight, [out, in], in 4-bit groups where it is computed with: on the compute device.</summary>
/// <param name="Address">Where it begins, a multiple of 64.</param>
/// <param name="Shape">How it lies there.</param>
internal readonly record struct PackedWeight(IntPtr Address, PackedShape Shape);
