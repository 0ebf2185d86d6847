using System.Text.Json.Nodes;
using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Engine.Conversion;
using FlexGen.Engine.Models;
using FlexGen.Engine.Tests.Checkpoints;
using FlexGen.Engine.Tests.Models;
using FlexGen.Engine.Tests.Support;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Conversion;

public sealed class CheckpointCompressorTests : IDisposable
{
    private const long SmallShards = 60_000;

    private const string Llama = """
        {"architectures": ["LlamaForCausalLM"], "vocab_size": 60, "hidden_size": 72, "num_hidden_layers": 3, "intermediate_size": 200,
         "num_attention_heads": 6, "num_key_value_heads": 2, "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "eos_token_id": 5}
        """;

    private readonly TemporaryFolder folder = new();

    public CheckpointCompressorTests()
    {
        Directory.CreateDirectory(Model);
        RandomCheckpoint.Write(Model, Llama, ScalarType.BFloat16);
        File.WriteAllText(Path.Combine(Model, "tokenizer.json"), """{"of": "no use here"}""");
        File.WriteAllText(Path.Combine(Model, "tokenizer.model"), "\0binary");
        File.WriteAllText(Path.Combine(Model, "generation_config.json"), """{"eos_token_id": [5, 6]}""");
        File.WriteAllText(Path.Combine(Model, "LICENSE"), "mine");
        File.WriteAllText(Path.Combine(Model, ".hidden.json"), "{}");
        File.WriteAllText(Path.Combine(Model, "pytorch_model.bin"), "pickles");
    }

    private string Model => folder.File("model");

    private string Output => folder.File("output");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(32, long.MaxValue)]
    [InlineData(64, SmallShards)]
    [InlineData(128, SmallShards)]
    public void What_is_written_reads_as_the_model_does_in_4_bits(int group, long shardBytes)
    {
        var summary = Run(group, shardBytes);
        using var source = Checkpoint.Open(Model);
        using var compressed = Checkpoint.Open(Output);
        Assert.Equal([5, 6], compressed.EndOfSequenceIds);
        var model = ModelFamily.Create(compressed);
        Assert.Equal(ModelFamily.Create(source).Shape, model.Shape);
        foreach (var spec in model.Layers.SelectMany(l => l.Weights))
        {
            if (!spec.IsLinear)
            {
                using var one = source.Load(spec, ScalarType.Float32, CPU);
                using var other = compressed.Load(spec, ScalarType.Float32, CPU);
                Assert.True(one.eq(other).all().item<bool>(), spec.Name);
                continue;
            }

            Assert.Equal(group, compressed.PackedGroup(spec));
            var shape = new PackedShape(spec.Shape[0], spec.Shape[1], group);
            Assert.Equal(Reading.Packed(source, spec, shape), Reading.PackedInPieces(compressed, spec, shape));
        }

        Assert.Equal(model.Layers.SelectMany(l => l.Weights).Count(w => w.IsLinear), summary.PackedWeights);
        Assert.Equal(shardBytes == long.MaxValue ? 1 : 4, summary.Files);
        Assert.All(Directory.GetFiles(Output, "*.safetensors"), f => Assert.InRange(new FileInfo(f).Length, 1, shardBytes == long.MaxValue ? shardBytes : 70_000));
        Assert.Equal(summary.BytesAfter, Directory.GetFiles(Output, "*.safetensors").Sum(f => new FileInfo(f).Length));
        string[] expected = ["LICENSE", "config.json", "generation_config.json", "tokenizer.json", "tokenizer.model"];
        Assert.Equal(expected, Directory.GetFiles(Output).Select(Path.GetFileName).Where(n => !n!.StartsWith("model", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Output, "config.json")))!.AsObject();
        Assert.Equal($$"""{"quant_method":"flexgen","bits":4,"group_size":{{group}},"format":"tiles16"}""", config["quantization_config"]!.ToJsonString());
        config.Remove("quantization_config");
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Llama), config));
    }

    [Fact]
    public void What_was_finished_when_it_was_stopped_stays_and_the_result_is_the_same()
    {
        Run(64, SmallShards);
        var whole = Contents();
        var kept = new HashSet<int>();
        for (var pieces = 0; pieces < 32; pieces += 3)
        {
            Directory.Delete(Output, recursive: true);
            using var stop = new CancellationTokenSource();
            var left = pieces;
            Assert.Throws<OperationCanceledException>(() => Run(64, SmallShards, (_, _) =>
            {
                if (left-- == 0)
                {
                    stop.Cancel();
                }
            }, stop.Token));
            Assert.False(File.Exists(Path.Combine(Output, "config.json")));
            File.WriteAllText(Path.Combine(Output, ".model-00002-of-00004.safetensors.unfinished"), "what a kill leaves");
            kept.Add(Run(64, SmallShards).FilesKept);
            Assert.Equal(whole, Contents());
        }

        Assert.Equal([0, 1, 2, 3], kept.Order());
        var before = Directory.GetFiles(Output).ToDictionary(f => f, File.GetLastWriteTimeUtc);
        Assert.Equal(4, Run(64, SmallShards).FilesKept);
        Assert.Equal(before, Directory.GetFiles(Output).ToDictionary(f => f, File.GetLastWriteTimeUtc));
    }

    [Fact]
    public void A_folder_with_something_else_is_left_alone()
    {
        Directory.CreateDirectory(Output);
        File.WriteAllText(Path.Combine(Output, "thesis.txt"), "years of work");
        Refused("holds 'thesis.txt', which is no file of the checkpoint");
        File.Delete(Path.Combine(Output, "thesis.txt"));
        Run(64, SmallShards);
        var whole = Contents();
        Refused("model-00001-of-00004.safetensors: is there, but it is not of this model in these groups", group: 128);
        Refused("holds 'model-00001-of-00004.safetensors'", shardBytes: long.MaxValue);
        File.WriteAllText(Path.Combine(Model, "tokenizer.json"), "{}");
        Refused("tokenizer.json: is there, but it is not of this model");
        File.WriteAllText(Path.Combine(Model, "tokenizer.json"), """{"of": "no use here"}""");
        RandomCheckpoint.Write(Model, Llama, ScalarType.Float32);
        Refused("model-00001-of-00004.safetensors: is there");
        Assert.Equal(whole, Contents());
    }

    [Fact]
    public void A_shard_whose_bytes_are_not_the_models_is_refused()
    {
        Run(64, SmallShards);
        foreach (var end in (int[])[1, 4000])
        {
            var path = Path.Combine(Output, "model-00003-of-00004.safetensors");
            var bytes = File.ReadAllBytes(path);
            bytes[^end] ^= 1;
            File.WriteAllBytes(path, bytes);
            Refused("model-00003-of-00004.safetensors: is there, but it is not of this model");
            bytes[^end] ^= 1;
            File.WriteAllBytes(path, bytes);
        }
    }

    [Fact]
    public void A_model_in_4_bits_a_number_that_is_none_and_a_second_writer_are_refused()
    {
        Run(64, SmallShards);
        var again = Assert.Throws<CheckpointException>(() => CheckpointCompressor.Run(Output, folder.File("again"), 64));
        Assert.Contains("is in 4 bits already (flexgen)", again.Message, StringComparison.Ordinal);
        Directory.Delete(Output, recursive: true);
        using (var scope = NewDisposeScope())
        {
            var tensors = RandomCheckpoint.Tensors(Llama, ScalarType.BFloat16);
            tensors.Single(t => t.Key == "model.layers.2.mlp.up_proj.weight").Value[150, 3] = double.NaN;
            SafetensorsWriter.Write(Path.Combine(Model, "model.safetensors"), tensors);
        }

        Refused("tensor 'model.layers.2.mlp.up_proj.weight' cannot be kept in 4 bits: row 150, column 3 is NaN");
        Assert.DoesNotContain(Directory.GetFiles(Output), f => f.EndsWith(".unfinished", StringComparison.Ordinal));
        RandomCheckpoint.Write(Model, Llama, ScalarType.BFloat16);
        var inside = 0;
        Directory.Delete(Output, recursive: true);
        Run(64, SmallShards, (_, _) =>
        {
            if (inside++ == 2)
            {
                Refused("another process is writing it");
            }
        });
    }

    [Theory]
    [InlineData("model.embed_tokens.weight", "[50, 3]", double.NaN, ScalarType.BFloat16)]
    [InlineData("model.embed_tokens.weight", "[50, 3]", double.NegativeInfinity, ScalarType.Float16)]
    [InlineData("model.norm.weight", "[71]", double.PositiveInfinity, ScalarType.Float32)]
    [InlineData("model.layers.1.input_layernorm.weight", "[0]", double.NaN, ScalarType.Float64)]
    public void A_number_that_is_none_in_what_stays_as_it_is_is_refused_by_its_tensor_and_place(string name, string place, double number, ScalarType type)
    {
        using (var scope = NewDisposeScope())
        {
            var tensors = RandomCheckpoint.Tensors(Llama, type);
            tensors.Single(t => t.Key == name).Value.reshape(-1)[name.Contains("embed", StringComparison.Ordinal) ? (50 * 72) + 3 : place == "[0]" ? 0 : 71] = number;
            SafetensorsWriter.Write(Path.Combine(Model, "model.safetensors"), tensors);
        }

        Refused($"tensor '{name}' is NaN or infinite at {place}");
        Assert.DoesNotContain(Directory.GetFiles(Output), f => f.EndsWith(".unfinished", StringComparison.Ordinal));
    }

    [Fact]
    public void Chat_templates_beside_the_default_one_come_along()
    {
        const string Folder = "additional_chat_templates";
        Directory.CreateDirectory(Path.Combine(Model, Folder));
        File.WriteAllText(Path.Combine(Model, Folder, "rag.jinja"), "{{ documents }}");
        File.WriteAllText(Path.Combine(Model, Folder, "notes.txt"), "no template");
        Run(64, SmallShards);
        Assert.Equal("{{ documents }}", File.ReadAllText(Assert.Single(Directory.GetFileSystemEntries(Path.Combine(Output, Folder)))));
        File.WriteAllText(Path.Combine(Output, Folder, ".rag.jinja.unfinished"), "what a kill leaves");
        File.Delete(Path.Combine(Output, Folder, "rag.jinja"));
        Assert.Equal(4, Run(64, SmallShards).FilesKept);
        Assert.Single(Directory.GetFileSystemEntries(Path.Combine(Output, Folder)));
        File.WriteAllText(Path.Combine(Output, Folder, "thesis.txt"), "years of work");
        Refused($"holds '{Folder}/thesis.txt', which is no file of the checkpoint");
    }

    [Fact]
    public void No_room_is_said_before_anything_is_written()
    {
        using var disk = SmallDisk.Mount(mebibytes: 1);
        var message = Assert.Throws<IOException>(() => CheckpointCompressor.Run(Big(), disk.Folder, 64)).Message;
        Assert.Contains("GiB are still to be written there", message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(disk.Folder));
    }

    private string Big()
    {
        using var scope = NewDisposeScope();
        var path = folder.File("big");
        Directory.CreateDirectory(path);
        RandomCheckpoint.Write(path, Llama.Replace("\"vocab_size\": 60", "\"vocab_size\": 20000", StringComparison.Ordinal), ScalarType.BFloat16);
        return path;
    }

    private Dictionary<string, string> Contents() =>
        Directory.GetFiles(Output).ToDictionary(f => Path.GetFileName(f)!, f => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f))));

    private CompressionSummary Run(int group, long shardBytes, Action<long, long>? progress = null, CancellationToken cancellation = default) =>
        CheckpointCompressor.Run(Model, Output, group, shardBytes, progress, cancellation);

    private void Refused(string part, int group = 64, long shardBytes = SmallShards) =>
        Assert.Contains(part, Assert.Throws<CheckpointException>(() => Run(group, shardBytes)).Message, StringComparison.Ordinal);
}
