using FlexGen.Engine.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Checkpoints;

public class DummyWeightsTests
{
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    public void Weights_are_random_fill_their_shape_and_leave_nothing_behind(ScalarType type)
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using (var source = new DummyWeights())
        {
            using var scope = NewDisposeScope();
            var (first, second) = (IWeightSource.Load(source, new("a", [1500, 2000], 0), type, CPU), IWeightSource.Load(source, new("b", [1500, 2000], 1), type, CPU));
            foreach (var weight in (Tensor[])[first, second])
            {
                Assert.Equal([1500, 2000], weight.shape);
                Assert.Equal(0.02, weight.to(ScalarType.Float32).std().item<float>(), 0.001);
            }

            Assert.False(first.equal(second).all().item<bool>());
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
