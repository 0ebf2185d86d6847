using FlexGen.Engine.Layers;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Layers;

public class GatedSiluTests
{
    [Theory]
    [InlineData(ScalarType.Float32, 2e-6)]
    [InlineData(ScalarType.BFloat16, 1e-2)]
    public void It_is_the_library_s_within_rounding(ScalarType type, double tolerance)
    {
        using var scope = NewDisposeScope();
        var (gate, up) = ((randn(1100, 1001, dtype: ScalarType.Float64) * 6).to(type), randn(1100, 1001).to(type));
        gate[0, 0] = 100;
        gate[0, 1] = -100;
        gate[0, 2] = float.NaN;
        var (wide, factor) = (gate.to(ScalarType.Float64), up.to(ScalarType.Float64));
        var found = GatedSilu.Forward(gate, up, kernels: null);
        Assert.Equal(type, found.dtype);
        Assert.True(found.to(ScalarType.Float64).allclose(wide * wide.sigmoid() * factor, rtol: tolerance, atol: 1e-30, equal_nan: true));
    }

    [Fact]
    public void An_element_does_not_depend_on_the_rows_beside_it()
    {
        using var scope = NewDisposeScope();
        foreach (var width in (int[])[4, 72, 1023])
        {
            var (gate, up) = (randn(100, width) * 4, randn(100, width));
            var all = GatedSilu.Forward(gate.clone(), up, kernels: null);
            foreach (var rows in (int[])[1, 2, 17, 99])
            {
                var own = GatedSilu.Forward(gate.narrow(0, 100 - rows, rows).clone(), up.narrow(0, 100 - rows, rows), kernels: null);
                Assert.True(own.eq(all.narrow(0, 100 - rows, rows)).all().item<bool>());
            }
        }
    }
}
