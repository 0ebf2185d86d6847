using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Models;
using FlexGen.Engine.Weights;
using FlexGen.Planning;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Weights;

public class WeightStoreTests
{
    [Theory]
    [InlineData(100, 0)]
    [InlineData(0, 100)]
    [InlineData(0, 0)]
    [InlineData(34, 33)]
    public void Each_layer_has_the_checkpoint_s_weights_wherever_they_rest_and_in_however_many_pages_they_come(double gpu, double host)
    {
        using var noGrad = no_grad();
        using var checkpoint = Checkpoint.Open(Reference.File("llama-gqa-tied"));
        var model = ModelFamily.Create(checkpoint);
        var plan = new WeightsPlan(model.Outline(DataTypes.Format(ScalarType.Float32)), new(gpu, host), Compression.None, default);
        using var store = new WeightStore(model, checkpoint, plan, ScalarType.Float32, new Tiers(CPU, Path.GetTempPath()));
        for (var round = 0; round < 2; round++)
        {
            for (var layer = 0; layer < model.Layers.Count; layer++)
            {
                const int pages = 3;
                for (var page = 0; round > 0 && page < pages; page++)
                {
                    store.Load(layer, page, pages);
                }

                var weights = store.Use(layer);
                foreach (var spec in model.Layers[layer].Weights)
                {
                    using var expected = checkpoint.Load(spec, ScalarType.Float32, CPU);
                    Assert.True(expected.equal(weights[spec]).all().item<bool>(), $"{spec.Name} in round {round}");
                }

                store.Release(layer);
            }
        }
    }
}
