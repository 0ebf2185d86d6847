using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Engine.Conversion;
using FlexGen.Engine.Models;
using FlexGen.Engine.Tests.Models;
using FlexGen.Engine.Tests.Support;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Checkpoints;

/// <summary>What the whole process takes while a weight is read.</summary>
[Collection(nameof(Alone))]
public sealed class WeightMemoryTests(ITestOutputHelper output) : IDisposable
{
    private const long MiB = 1 << 20;
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_weight_in_another_type_takes_its_own_memory_and_little_beside()
    {
        const long Elements = 48 * MiB;
        using (var scope = NewDisposeScope())
        {
            SafetensorsWriter.Write(folder.File("model.safetensors"), [KeyValuePair.Create("big", ones(Elements, ScalarType.Float16))]);
        }

        File.WriteAllText(folder.File("config.json"), "{}");
        using var checkpoint = Checkpoint.Open(folder.Path);
        File.WriteAllText("/proc/self/clear_refs", "5");
        var before = ProcessMemory.Peak();
        using var weight = checkpoint.Load(new("big", [Elements], 0), ScalarType.Float32, CPU);
        Assert.InRange(ProcessMemory.Peak() - before, 4 * Elements, (4 * Elements) + (64 * MiB));
        Assert.Equal(Elements, weight.sum(ScalarType.Float64).item<double>());
    }

    [Fact]
    public unsafe void A_weight_that_is_packed_on_its_way_takes_little_memory()
    {
        var shape = new PackedShape(6000, 16000, 64);
        using (var scope = NewDisposeScope())
        {
            SafetensorsWriter.Write(folder.File("model.safetensors"), [KeyValuePair.Create("big", ones([shape.Rows, shape.Columns], ScalarType.Float16))]);
        }

        File.WriteAllText(folder.File("config.json"), "{}");
        using var checkpoint = Checkpoint.Open(folder.Path);
        var packed = new byte[shape.Bytes];
        Array.Fill(packed, (byte)1);
        File.WriteAllText("/proc/self/clear_refs", "5");
        var before = ProcessMemory.Peak();
        fixed (byte* to = packed)
        {
            checkpoint.ReadPacked(new("big", [shape.Rows, shape.Columns], 0, IsLinear: true), shape, 0, (IntPtr)to, packed.Length);
        }

        Assert.InRange(ProcessMemory.Peak() - before, 0, (Environment.ProcessorCount * 6 * MiB) + (16 * MiB));
    }

    [Fact]
    public void A_checkpoint_is_written_in_4_bits_in_little_memory()
    {
        const string Config = """
            {"architectures": ["LlamaForCausalLM"], "vocab_size": 100, "hidden_size": 8192, "num_hidden_layers": 1, "intermediate_size": 16384,
             "num_attention_heads": 64, "num_key_value_heads": 64, "max_position_embeddings": 64, "rms_norm_eps": 1e-5}
            """;
        var weights = ModelFamily.Create(RandomCheckpoint.Json(Config), _ => true).Layers.SelectMany(l => l.Weights).ToList();
        var (entries, end) = (new List<SafetensorsEntry>(), 0L);
        foreach (var weight in weights)
        {
            var bytes = 2 * weight.Shape.Aggregate(1L, (a, b) => a * b);
            entries.Add(new(weight.Name, "BF16", [.. weight.Shape], end, end += bytes));
        }

        // Zeros that take no room: a file with holes.
        using (var file = File.Create(folder.File("model.safetensors")))
        {
            file.Write(SafetensorsWriter.Header(entries, []));
            file.SetLength(file.Length + end);
        }

        File.WriteAllText(folder.File("config.json"), Config);
        File.WriteAllText("/proc/self/clear_refs", "5");
        var before = ProcessMemory.Peak();
        var summary = CheckpointCompressor.Run(folder.Path, folder.File("small"), 64);
        output.WriteLine($"{end / MiB} MiB in {summary.BytesAfter / MiB} MiB: {(ProcessMemory.Peak() - before) / MiB} MiB of memory");
        Assert.True(end > 1200 * MiB);
        Assert.InRange(ProcessMemory.Peak() - before, 0, (Environment.ProcessorCount * 8 * MiB) + (64 * MiB));
    }
}
