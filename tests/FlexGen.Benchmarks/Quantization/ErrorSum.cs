using static TorchSharp.torch;

namespace FlexGen.Benchmarks.Quantization;

/// <summary>The error of tensors relative to what they should be, in the root of the mean of squares.</summary>
internal sealed class ErrorSum
{
    private double errors;
    private double squares;

    public double Relative => Math.Sqrt(errors / squares);

    public void Add(Tensor found, Tensor exact)
    {
        using var scope = NewDisposeScope();
        errors += (found - exact).square().sum(ScalarType.Float64).item<double>();
        squares += exact.square().sum(ScalarType.Float64).item<double>();
    }
}
