using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Engine.Models;
using FlexGen.Engine.Tests.Models;
using FlexGen.Engine.Tests.Support;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Checkpoints;

public sealed class CheckpointTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(ScalarType.Float32, ScalarType.Float32)]
    [InlineData(ScalarType.Float16, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, ScalarType.BFloat16)]
    [InlineData(ScalarType.Float32, ScalarType.Float16)]
    public void Weights_stored_in_one_type_load_in_another(ScalarType stored, ScalarType wanted)
    {
        using var scope = NewDisposeScope();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Opt, stored);
        using var checkpoint = Checkpoint.Open(folder.Path);
        var model = ModelFamily.Create(checkpoint);
        Assert.Equal(stored, checkpoint.StoredType(model));
        foreach (var spec in model.Layers.SelectMany(l => l.Weights))
        {
            var expected = RandomCheckpoint.Tensors(RandomCheckpoint.Opt, stored).Single(t => t.Key == spec.Name).Value.to(wanted);
            var loaded = checkpoint.Load(spec, wanted, CPU);
            Assert.Equal(wanted, loaded.dtype);
            Assert.True(loaded.eq(expected).all().item<bool>(), spec.Name);
        }
    }

    [Fact]
    public void Sharded_and_single_files_give_the_same_logits()
    {
        using var single = new TemporaryFolder();
        RandomCheckpoint.Write(single.Path, RandomCheckpoint.Opt);
        RandomCheckpoint.WriteSharded(folder.Path, RandomCheckpoint.Opt);
        using var expected = new LoadedCheckpoint(single.Path);
        using var sharded = new LoadedCheckpoint(folder.Path);
        // Where a tensor lies in its file decides its alignment, and that the order in which a product is summed.
        Assert.Equal(0, expected.Logits([3, 4, 5])[0].Zip(sharded.Logits([3, 4, 5])[0], (a, b) => Math.Abs(a - b)).Max(), 1e-6f);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Tensors_of_several_pieces_are_compared_to_the_last_element(ScalarType type)
    {
        using (var scope = NewDisposeScope())
        {
            const long Elements = (2 << 20) + 5;
            var (one, other) = (ones(Elements), ones(Elements));
            other[Elements - 1] = 2;
            SafetensorsWriter.Write(folder.File("model.safetensors"), [new("one", one), new("same", one.to(type)), new("other", other.to(type)), new("short", ones(Elements - 1))]);
        }

        File.WriteAllText(folder.File("config.json"), "{}");
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal((true, false, false), (checkpoint.AreEqual("one", "same"), checkpoint.AreEqual("one", "other"), checkpoint.AreEqual("one", "short")));
    }

    [Theory]
    [InlineData("model.safetensors", "changed or replaced", "in place")]
    [InlineData("model.safetensors", "changed or replaced", "shorter")]
    [InlineData("model.safetensors", "changed or replaced", "renamed")]
    [InlineData("model.safetensors", "removed", "removed")]
    [InlineData("config.json", "changed or replaced", "in place")]
    public void A_file_that_changes_while_the_model_is_loaded_is_named(string file, string how, string change)
    {
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Opt);
        using var checkpoint = Checkpoint.Open(folder.Path);
        File.WriteAllText(folder.File("notes.json"), "{}");
        checkpoint.RequireUnchanged();
        FileChange.Make(folder.File(file), change);
        var message = Assert.Throws<CheckpointException>(checkpoint.RequireUnchanged).Message;
        Assert.StartsWith($"{folder.File(file)}: it was {how} while the model was being loaded", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_cut_short_while_it_is_read_is_an_error_and_no_signal()
    {
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Opt);
        using var checkpoint = Checkpoint.Open(folder.Path);
        FileChange.Make(folder.File("model.safetensors"), "shorter");
        var specs = ModelFamily.Create(checkpoint).Layers.SelectMany(l => l.Weights).ToList();
        var message = Assert.Throws<CheckpointException>(() => specs.ForEach(s => checkpoint.Load(s, ScalarType.Float32, CPU).Dispose())).Message;
        Assert.StartsWith($"{folder.File("model.safetensors")}: it ends at byte ", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"eos_token_id": 2}""", null, new[] { 2 })]
    [InlineData("""{"eos_token_id": 2}""", """{"eos_token_id": [3, 4]}""", new[] { 3, 4 })]
    [InlineData("""{"eos_token_id": [5, 6]}""", """{"eos_token_id": null}""", new[] { 5, 6 })]
    [InlineData("{}", """{"eos_token_id": 7}""", new[] { 7 })]
    [InlineData("{}", "{}", new int[0])]
    public void End_of_sequence_ids_come_from_the_generation_config_first(string config, string? generation, int[] expected)
    {
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Opt);
        File.WriteAllText(folder.File("config.json"), config);
        if (generation is not null)
        {
            File.WriteAllText(folder.File("generation_config.json"), generation);
        }

        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(expected, checkpoint.EndOfSequenceIds);
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        RandomCheckpoint.WriteSharded(folder.Path, RandomCheckpoint.Opt);
        File.Delete(folder.File("model-00002-of-00002.safetensors"));
        Refused("1 of the 2 files", "model-00002-of-00002.safetensors");
    }

    [Fact]
    public void An_index_that_does_not_fit_its_files_is_refused()
    {
        RandomCheckpoint.WriteSharded(folder.Path, RandomCheckpoint.Opt);
        File.WriteAllText(folder.File("model.safetensors.index.json"), """{"weight_map": {"nowhere": "model-00001-of-00002.safetensors"}}""");
        Refused("'nowhere' is not in it", "model-00001-of-00002.safetensors");
        File.WriteAllText(folder.File("model.safetensors.index.json"), """{"weight_map": {"a": "../a.safetensors"}}""");
        Refused("'a'", "../a.safetensors");
        File.WriteAllText(folder.File("model.safetensors.index.json"), "{}");
        Refused("weight_map");
    }

    [Fact]
    public void A_folder_without_what_it_needs_is_refused()
    {
        Refused("config.json", "has no config.json");
        File.WriteAllText(folder.File("config.json"), "{ not json");
        Refused("config.json", "not JSON");
        File.WriteAllBytes(folder.File("config.json"), [(byte)'{', (byte)'"', 0xC0, (byte)'"', (byte)':', (byte)'1', (byte)'}']);
        Refused("config.json", "UTF-8");
        File.WriteAllText(folder.File("config.json"), "{\"architectures\": [\"\\ud800\"]}");
        Refused("config.json", "not JSON");
        File.WriteAllText(folder.File("config.json"), "[]");
        Refused("config.json", "object is expected");
        File.WriteAllText(folder.File("config.json"), """{"eos_token_id": "two"}""");
        Refused("eos_token_id", "\"two\"");
        File.WriteAllText(folder.File("config.json"), "{}");
        File.WriteAllText(folder.File("pytorch_model.bin"), "");
        Refused("model.safetensors", "pytorch_model.bin", "convert");
        Assert.Contains("no such model folder", Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.File("absent"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_that_is_not_what_the_model_asks_for_is_refused()
    {
        using var scope = NewDisposeScope();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Opt);
        SafetensorsWriter.Write(folder.File("model.safetensors"), [KeyValuePair.Create("counts", ones(2, 3, ScalarType.Int64))]);
        using var checkpoint = Checkpoint.Open(folder.Path);
        NotLoaded("absent", [2], "'absent' [2]", "is missing");
        NotLoaded("counts", [3, 2], "'counts' is [2, 3]", "must be [3, 2]", "model.safetensors");
        NotLoaded("counts", [2, 3], "'counts' is stored as I64");

        void NotLoaded(string name, long[] shape, params string[] parts)
        {
            var message = Assert.Throws<CheckpointException>(() => checkpoint.Load(new(name, shape, 0), ScalarType.Float32, CPU)).Message;
            Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        }
    }

    private void Refused(params string[] parts)
    {
        var message = Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Path)).Message;
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }
}
