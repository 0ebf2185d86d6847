using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// How a processor multiplies a tile of 16 of a weight's rows with rounded activations. A group's products are summed in integers, which has no
/// order; then, group by group, sum = fma(scale * factor, fma(-zero, sum of the activations, products), sum) in float32, whatever the processor.
/// </summary>
internal unsafe interface IProductKernel
{
    static abstract bool IsSupported { get; }

    /// <summary>Multiplies one tile.</summary>
    /// <param name="tile">Its blocks.</param>
    /// <param name="shape">The weight's shape.</param>
    /// <param name="strip">The activations.</param>
    /// <param name="sums">[rows, 16], all of it written, and as much room behind it.</param>
    static abstract void Multiply(byte* tile, PackedShape shape, RoundedStrip strip, float* sums);
}
