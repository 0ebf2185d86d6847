using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Models;
using FlexGen.Engine.Tests.Models;

namespace FlexGen.Engine.Tests.Checkpoints;

public sealed class ModelFolderTests : IDisposable
{
    private const string Pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Of_a_repository_in_a_cache_the_snapshot_of_main_is_meant()
    {
        var repository = Path.Combine(folder.Path, "models--demo--tiny");
        var (old, current) = (Snapshot("0ld"), Snapshot("c0ffee"));
        RandomCheckpoint.Write(current, RandomCheckpoint.Opt);
        Directory.CreateDirectory(Path.Combine(repository, "blobs"));
        var blob = Path.Combine(repository, "blobs", "b10b");
        File.Move(Path.Combine(current, "model.safetensors"), blob);
        File.CreateSymbolicLink(Path.Combine(current, "model.safetensors"), "../../blobs/b10b");
        Refused(repository, "2 snapshots and no refs/main", "0ld", "c0ffee");
        Directory.CreateDirectory(Path.Combine(repository, "refs"));
        File.WriteAllText(Path.Combine(repository, "refs", "main"), "c0ffee\n");
        using (var checkpoint = Checkpoint.Open(repository))
        {
            Assert.Equal(current, checkpoint.Folder);
            Assert.Equal(2, ModelFamily.Create(checkpoint).Shape.DecoderLayers);
        }

        Refused(folder.Path, "a cache of several models", "models--demo--tiny");
        foreach (var elsewhere in new[] { "gone", "../refs", "..", "" })
        {
            File.WriteAllText(Path.Combine(repository, "refs", "main"), elsewhere + "\n");
            Refused(repository, "refs/main names a snapshot that is not in");
        }

        File.Delete(Path.Combine(repository, "refs", "main"));
        Directory.Delete(old);
        Assert.Equal(current, ModelFolder.Find(repository));

        string Snapshot(string name) => Directory.CreateDirectory(Path.Combine(repository, "snapshots", name)).FullName;
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    [InlineData("model.safetensors")]
    public void A_pipe_or_a_device_in_the_place_of_a_file_is_refused(string name)
    {
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Opt);
        File.Delete(folder.File(name));
        using (var made = System.Diagnostics.Process.Start("mkfifo", folder.File(name)))
        {
            made.WaitForExit();
        }

        Opening("is a named pipe");
        File.Delete(folder.File(name));
        File.CreateSymbolicLink(folder.File(name), "/dev/zero");
        Opening("is a device");

        void Opening(string part) => Assert.Contains(part, Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_is_told_from_a_model()
    {
        Write("adapter_config.json", """{"peft_type": "LORA", "base_model_name_or_path": "demo/base"}""");
        Write("adapter_model.safetensors", "");
        Refused(folder.Path, "holds an adapter (LoRA), adapter_config.json, adapter_model.safetensors, and no model", "\"demo/base\"", "merge_and_unload");
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Opt);
        Refused(folder.Path, "an adapter (LoRA) lies beside the model, adapter_config.json", "would not be applied", "merge_and_unload", "move the adapter's files away");
        File.Delete(folder.File("adapter_config.json"));
        Refused(folder.Path, "an adapter (LoRA) lies beside the model, adapter_model.safetensors");
        File.Delete(folder.File("adapter_model.safetensors"));
        Checkpoint.Open(folder.Path).Dispose();
    }

    [Theory]
    [InlineData("GGUF", "model-q4.gguf")]
    [InlineData("GGUF", "Model-Q4.GGUF")]
    [InlineData("pickles", "pytorch_model.bin")]
    [InlineData("pickles", "consolidated.00.pth")]
    [InlineData("index", "model-00001-of-00002.safetensors")]
    [InlineData("index", "consolidated.safetensors")]
    [InlineData("Keras", "tf_model.h5")]
    public void Weights_of_another_kind_are_named_whether_there_is_a_config_or_not(string word, string file)
    {
        Write(file, "x");
        Refused(folder.Path, "neither model.safetensors nor model.safetensors.index.json is there", file);
        Write("config.json", RandomCheckpoint.Opt);
        Refused(folder.Path, file, word);
    }

    [Fact]
    public void A_pointer_of_git_lfs_is_told_from_a_file()
    {
        RandomCheckpoint.WriteSharded(folder.Path, RandomCheckpoint.Opt);
        Write("model-00002-of-00002.safetensors", Pointer);
        Refused(folder.Path, "model-00002-of-00002.safetensors: is only git-lfs's pointer", "git lfs pull");
        Write("model.safetensors.index.json", Pointer);
        Refused(folder.Path, "model.safetensors.index.json: is only git-lfs's pointer");
        Write("model.safetensors.index.json", Pointer.Replace("git-lfs", "hawser", StringComparison.Ordinal));
        Refused(folder.Path, "model.safetensors.index.json: is only git-lfs's pointer");
    }

    [Fact]
    public void A_folder_without_a_config_names_those_in_it_that_have_one()
    {
        Refused(folder.Path, "has no config.json; name the folder with");
        var inner = Directory.CreateDirectory(folder.File("tiny")).FullName;
        RandomCheckpoint.Write(inner, RandomCheckpoint.Opt);
        Refused(folder.Path, "has no config.json; name the folder with", "one of those in it, tiny");
        File.Copy(Path.Combine(inner, "model.safetensors"), folder.File("model.safetensors"));
        Refused(folder.Path, "has no config.json");
    }

    [Fact]
    public void A_link_to_nothing_is_a_download_that_is_not_finished()
    {
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Opt);
        File.Move(folder.File("model.safetensors"), folder.File("b10b.incomplete"));
        File.CreateSymbolicLink(folder.File("model.safetensors"), "b10b");
        Refused(folder.Path, "what its links lead to is not there, of model.safetensors", "download the model again");
    }

    [Fact]
    public void A_file_is_no_folder()
    {
        Write("model.gguf", "x");
        Refused(folder.File("model.gguf"), "is a file; name the folder");
    }

    private void Write(string file, string text) => File.WriteAllText(folder.File(file), text);

    private static void Refused(string path, params string[] parts)
    {
        var message = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message;
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }
}
