using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Models;
using static TorchSharp.torch;

namespace FlexGen.Benchmarks.Quantization;

/// <summary>A checkpoint's model over whole sequences of equal length in float32, with an attention that is given.</summary>
internal sealed class WholeSequences : IDisposable
{
    private readonly Model model;
    private readonly Dictionary<string, Tensor> weights = [];

    private WholeSequences(Checkpoint checkpoint)
    {
        model = ModelFamily.Create(checkpoint.Config, checkpoint.Contains);
        foreach (var spec in model.Layers.SelectMany(l => l.Weights).DistinctBy(w => w.Name))
        {
            weights.Add(spec.Name, checkpoint.Load(spec, ScalarType.Float32, CPU));
        }
    }

    public int VocabularySize => model.Shape.VocabularySize;

    public static WholeSequences Load(string folder)
    {
        using var checkpoint = Checkpoint.Open(folder);
        return new(checkpoint);
    }

    /// <summary>The logits after each token, [sequences, tokens, vocabulary].</summary>
    /// <param name="sequences">Of equal length.</param>
    /// <param name="attend">Query, key and value, [sequences, heads, tokens, headDim], and the scale, to what query has.</param>
    public Tensor Logits(IReadOnlyList<int[]> sequences, Func<Tensor, Tensor, Tensor, double, Tensor> attend)
    {
        using var scope = NewDisposeScope();
        var (count, length) = (sequences.Count, sequences[0].Length);
        var context = new ForwardContext(
            tensor(sequences.SelectMany(s => s.Select(id => (long)id)).ToArray()), arange(length, ScalarType.Int64).repeat(count), arange(count * length, ScalarType.Int64));
        Tensor? hidden = null;
        foreach (var layer in model.Layers)
        {
            var own = new LayerWeights([.. layer.Weights.Select(w => weights[w.Name])]);
            hidden = layer is DecoderLayer decoder
                ? decoder.Complete(hidden!, Attended(decoder.Project(hidden!, own, context)), own, context)
                : ((OuterLayer)layer).Forward(hidden, own, context);
        }

        return hidden!.view(count, length, -1).MoveToOuterDisposeScope();

        Tensor Attended(AttentionInput input) => input.Window is null
            ? attend(ByHead(input.Query), ByHead(input.Key), ByHead(input.Value), input.Scale).transpose(1, 2).reshape(count * length, -1)
            : throw new NotSupportedException("attention with a window");

        Tensor ByHead(Tensor flat) => flat.view(count, length, flat.shape[1], flat.shape[2]).transpose(1, 2);
    }

    public void Dispose()
    {
        foreach (var weight in weights.Values)
        {
            weight.Dispose();
        }
    }
}
