using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Models;

/// <summary>A checkpoint with all its weights in memory, run without a cache.</summary>
internal sealed class LoadedCheckpoint : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly Checkpoint checkpoint;
    private readonly List<LayerWeights> weights = [];

    public LoadedCheckpoint(string folder, ScalarType type = ScalarType.Float32)
    {
        checkpoint = Checkpoint.Open(folder);
        Model = ModelFamily.Create(checkpoint);
        foreach (var layer in Model.Layers)
        {
            weights.Add(new([.. layer.Weights.Select(w => checkpoint.Load(w, type, CPU))]));
        }
    }

    public Model Model { get; }

    /// <summary>The logits after each of the last tokens.</summary>
    public float[][] Logits(IReadOnlyList<int> tokens, int last = 1)
    {
        using var noGrad = no_grad();
        using var pass = NewDisposeScope();
        var ids = tensor(tokens.Select(t => (long)t).ToArray());
        var context = new ForwardContext(ids, arange(tokens.Count), arange(tokens.Count - last, tokens.Count));
        return [.. FullAttention.Forward(Model, weights, context).to(ScalarType.Float32).data<float>().ToArray().Chunk(Model.Shape.VocabularySize)];
    }

    public void Dispose()
    {
        scope.Dispose();
        checkpoint.Dispose();
    }
}
