using FlexGen.Engine.Layers;
using FlexGen.Engine.Models;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Models;

public class OptTests
{
    [Theory]
    [InlineData("model.decoder.")]
    [InlineData("decoder.")]
    [InlineData("")]
    public void The_prefix_is_the_checkpoints(string prefix)
    {
        var model = ModelFamily.Create(RandomCheckpoint.Json(RandomCheckpoint.Opt), name => name.StartsWith(prefix + "embed_tokens", StringComparison.Ordinal));
        Assert.Equal($"{prefix}layers.1.fc2.bias", model.Layers[2].Weights[^3].Name);
        Assert.Equal($"{prefix}embed_tokens.weight", model.Layers[^1].Weights[^1].Name);
    }

    [Fact]
    public void Gradients_reach_every_weight()
    {
        using var scope = NewDisposeScope();
        var model = ModelFamily.Create(RandomCheckpoint.Json(RandomCheckpoint.Opt), _ => true);
        var tensors = RandomCheckpoint.Tensors(RandomCheckpoint.Opt).ToDictionary(t => t.Key, t => t.Value.requires_grad_(true));
        var context = new ForwardContext(tensor((long[])[5, 6, 7]), arange(3), arange(3));
        var logits = FullAttention.Forward(model, [.. model.Layers.Select(l => new LayerWeights([.. l.Weights.Select(w => tensors[w.Name])]))], context);
        nn.functional.cross_entropy(logits, tensor((long[])[6, 7, 8])).backward();
        Assert.Equal([3, 50], logits.shape);
        Assert.All(tensors, t => Assert.True(t.Value.grad is { } g && g.abs().sum().item<float>() > 0 || t.Key.EndsWith("k_proj.bias", StringComparison.Ordinal), t.Key));
    }
}
