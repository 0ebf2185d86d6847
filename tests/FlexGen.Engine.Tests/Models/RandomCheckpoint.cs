using System.Text.Json;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Engine.Models;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Models;

/// <summary>Makes checkpoints with every tensor that a config.json asks for.</summary>
internal static class RandomCheckpoint
{
    public const string Opt = """
        {"architectures": ["OPTForCausalLM"], "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "ffn_dim": 24,
         "num_attention_heads": 4, "max_position_embeddings": 32, "eos_token_id": 2}
        """;

    public static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    /// <summary>The tensors of a model, from a fixed seed.</summary>
    public static List<KeyValuePair<string, Tensor>> Tensors(string config, ScalarType type = ScalarType.Float32, double deviation = 0.2)
    {
        var generator = new Generator(7);
        return [.. ModelFamily.Create(Json(config), _ => true).Layers.SelectMany(l => l.Weights).DistinctBy(w => w.Name)
            .Select(w => KeyValuePair.Create(w.Name, (randn([.. w.Shape], generator: generator) * deviation).to(type)))];
    }

    /// <summary>Writes config.json and model.safetensors.</summary>
    public static void Write(string folder, string config, ScalarType type = ScalarType.Float32, double deviation = 0.2)
    {
        using var scope = NewDisposeScope();
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), Tensors(config, type, deviation));
    }

    /// <summary>Writes config.json and the tensors in two files with an index.</summary>
    public static void WriteSharded(string folder, string config)
    {
        using var scope = NewDisposeScope();
        var tensors = Tensors(config);
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        var map = new Dictionary<string, string>();
        foreach (var (shard, n) in tensors.Chunk((tensors.Count + 1) / 2).Select((s, n) => (s, n + 1)))
        {
            var name = $"model-0000{n}-of-00002.safetensors";
            SafetensorsWriter.Write(Path.Combine(folder, name), shard);
            Array.ForEach(shard, t => map.Add(t.Key, name));
        }

        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), JsonSerializer.Serialize(new { weight_map = map }));
    }
}
