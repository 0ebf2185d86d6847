using System.Text.Json;
using System.Text.Json.Nodes;
using FlexGen.Demo.Tokenization;
using FlexGen.Engine;
using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Models;
using static TorchSharp.torch;

namespace FlexGen.Demo.Network;

/// <summary>The engine's OPT model over weights of its own, in one flat float32 tensor so that the optimizer takes few steps.</summary>
internal sealed class DemoModel
{
    private readonly Model model;
    private readonly JsonObject config;
    private readonly Dictionary<string, Tensor> weights;
    private readonly LayerWeights[] layerWeights;

    private DemoModel(JsonObject config, Device device)
    {
        this.config = config;
        model = ModelFamily.Create(JsonSerializer.SerializeToElement(config), _ => true);
        var specs = model.Layers.SelectMany(l => l.Weights).DistinctBy(w => w.Name).ToArray();
        Flat = zeros(specs.Sum(Size), ScalarType.Float32, device);
        weights = [];
        var offset = 0L;
        foreach (var spec in specs)
        {
            weights[spec.Name] = Flat.narrow(0, offset, Size(spec)).view([.. spec.Shape]).detach().requires_grad_(true);
            offset += Size(spec);
        }

        layerWeights = [.. model.Layers.Select(l => new LayerWeights([.. l.Weights.Select(w => weights[w.Name])]))];
    }

    /// <summary>[parameters]: the memory of all weights.</summary>
    public Tensor Flat { get; }

    /// <summary>The weights in the order in which they lie in <see cref="Flat"/>, each a leaf that requires a gradient.</summary>
    public IReadOnlyCollection<Tensor> Weights => weights.Values;

    public int ContextLength => model.Shape.ContextLength;

    public Device Device => Flat.device;

    /// <summary>A model with random weights.</summary>
    public static DemoModel Create(int vocabularySize, Device device, int seed)
    {
        var model = new DemoModel(DemoConfig.Create(vocabularySize), device);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        foreach (var (name, weight) in model.weights)
        {
            if (weight.dim() == 2)
            {
                weight.copy_(randn(weight.shape, generator: generator) * DemoConfig.InitialDeviation(name, weight.shape[1]));
            }
            else if (name.EndsWith("norm.weight", StringComparison.Ordinal))
            {
                weight.fill_(1);
            }
        }

        return model;
    }

    /// <summary>The model of a checkpoint folder.</summary>
    public static DemoModel Load(string folder, Device device)
    {
        using var checkpoint = Checkpoint.Open(folder);
        var model = new DemoModel(JsonNode.Parse(checkpoint.Config.GetRawText())!.AsObject(), device);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        foreach (var spec in model.model.Layers.SelectMany(l => l.Weights))
        {
            model.weights[spec.Name].copy_(checkpoint.Load(spec, ScalarType.Float32, device));
        }

        return model;
    }

    /// <summary>Writes config.json, generation_config.json and the weights in float16.</summary>
    public void Save(string folder)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(folder);
        WriteJson("config.json", config);
        WriteJson("generation_config.json", new JsonObject
        {
            ["bos_token_id"] = TokenizerFiles.EndOfSequence,
            ["eos_token_id"] = TokenizerFiles.EndOfSequence,
            ["pad_token_id"] = TokenizerFiles.Padding,
        });
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"), [.. weights.Select(w => KeyValuePair.Create(w.Key, w.Value.to(ScalarType.Float16)))]);

        void WriteJson(string name, JsonObject value) => File.WriteAllText(Path.Combine(folder, name), value.ToJsonString(DemoConfig.Json) + "\n");
    }

    /// <summary>The logits [rows, vocabulary] of some rows of a rectangular batch.</summary>
    /// <param name="tokens">[sequences * length], int64: right-padded sequences one after another.</param>
    /// <param name="sequences">How many.</param>
    /// <param name="rows">[rows], int64: places in <paramref name="tokens"/>.</param>
    public Tensor Logits(Tensor tokens, int sequences, Tensor rows)
    {
        var length = tokens.shape[0] / sequences;
        var positions = arange(length, ScalarType.Int64, Device).repeat(sequences);
        var context = new ForwardContext(tokens, positions, rows);
        Tensor? hidden = null;
        foreach (var (layer, layerWeight) in model.Layers.Zip(layerWeights))
        {
            hidden = layer is DecoderLayer decoder
                ? decoder.Complete(hidden!, RectangularAttention.Forward(decoder.Project(hidden!, layerWeight, context), sequences), layerWeight, context)
                : ((OuterLayer)layer).Forward(hidden, layerWeight, context);
        }

        return hidden!;
    }

    private static long Size(WeightSpec spec) => spec.Shape.Aggregate(1L, (size, length) => size * length);
}
