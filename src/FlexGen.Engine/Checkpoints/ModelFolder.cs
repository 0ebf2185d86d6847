using System.Text;
using System.Text.Json;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Files;

namespace FlexGen.Engine.Checkpoints;

/// <summary>Tells a folder with a model from the folders that are taken for one.</summary>
public static class ModelFolder
{
    internal const string Config = "config.json";
    private const string Wanted = $"{Config}, safetensors files and the tokenizer's files";
    private const int LongestRef = 256;
    private static readonly EnumerationOptions anyCase = new() { MatchCasing = MatchCasing.CaseInsensitive, AttributesToSkip = 0 };

    /// <summary>The folder that a path means: of a repository in Hugging Face's cache, the snapshot that its main branch is at.</summary>
    /// <exception cref="CheckpointException">It is no folder, or it is not plain which of several.</exception>
    public static string Find(string path)
    {
        if (File.Exists(path))
        {
            throw new CheckpointException($"{path}: is a file; name the folder with {Wanted}");
        }

        if (!Directory.Exists(path))
        {
            throw new CheckpointException($"{path}: there is no such model folder");
        }

        if (File.Exists(Path.Combine(path, Config)))
        {
            return path;
        }

        var repositories = Directory.GetDirectories(path, "models--*").Order(StringComparer.Ordinal).ToArray();
        return Directory.Exists(Path.Combine(path, "snapshots")) ? Snapshot(path)
            : repositories.Length == 0 ? path
            : throw new CheckpointException($"{path}: is a cache of several models; name the folder of one of them: {Names(repositories)}");
    }

    /// <summary>Refuses files of which the folder has only what git keeps in place of them.</summary>
    /// <exception cref="CheckpointException">One is git-lfs's pointer.</exception>
    public static void RequireFetched(string folder, params IEnumerable<string> files)
    {
        foreach (var file in files)
        {
            GitLfs.Refuse(Path.Combine(folder, file));
        }
    }

    /// <summary>Refuses a folder without a model to run.</summary>
    /// <exception cref="CheckpointException">
    /// The folder holds an adapter, weights in another format and none in this one, no config.json, or links to nothing.
    /// </exception>
    public static void RequireModel(string folder)
    {
        if (Files(folder, "*.json", "*.safetensors", "*.model", "*.txt").Where(IsDangling).ToArray() is { Length: > 0 } links)
        {
            throw new CheckpointException(
                $"{folder}: what its links lead to is not there, of {Names(links)}; the download is not finished, or was moved without its "
                    + "files: download the model again");
        }

        var hasWeights = CheckpointFiles.AreIn(folder);
        if (Files(folder, "adapter_config.json", "adapter_model.*") is { Length: > 0 } adapter)
        {
            throw new CheckpointException(hasWeights
                ? $"{folder}: an adapter (LoRA) lies beside the model, {Names(adapter)}, and would not be applied; merge it into the model "
                    + "(PEFT's merge_and_unload) and name the folder of the result, or move the adapter's files away to run the model without it"
                : $"{folder}: holds an adapter (LoRA), {Names(adapter)}, and no model; merge it into its base model{Base(folder)} "
                    + "(PEFT's merge_and_unload), and name the folder of the result");
        }

        if (!hasWeights)
        {
            RefuseOtherWeights(folder);
        }

        if (!File.Exists(Path.Combine(folder, Config)))
        {
            var models = Directory.GetDirectories(folder).Where(d => File.Exists(Path.Combine(d, Config))).Order(StringComparer.Ordinal).ToArray();
            throw new CheckpointException(
                $"{folder}: has no {Config}; name the folder with {Wanted}{(models.Length == 0 ? "" : $": one of those in it, {Names(models)}")}");
        }
    }

    private static void RefuseOtherWeights(string folder)
    {
        if (Files(folder, "*.safetensors") is { Length: > 0 } others)
        {
            throw new CheckpointException(
                $"{folder}: {CheckpointFiles.Needed}, only {Names(others)}; download the checkpoint again, in the layout of transformers, with its index");
        }

        if (Files(folder, "*.bin", "*.pt", "*.pth") is { Length: > 0 } pickles)
        {
            throw new CheckpointException(
                $"{folder}: {CheckpointFiles.Needed}, only {Names(pickles)}, PyTorch's pickles, which are not read because they can run code; "
                + "convert the weights to safetensors (transformers' save_pretrained writes them), or download them as safetensors");
        }

        if (Files(folder, "*.gguf", "*.h5", "*.msgpack", "*.onnx") is { Length: > 0 } foreign)
        {
            throw new CheckpointException(
                $"{folder}: {CheckpointFiles.Needed}, only {Names(foreign)}, of a format that other programs read (GGUF, Keras, Flax, "
                    + $"ONNX); download the model's checkpoint with {Wanted}");
        }
    }

    private static string Snapshot(string repository)
    {
        var (main, snapshots) = (new FileInfo(Path.Combine(repository, "refs", "main")), Path.Combine(repository, "snapshots"));
        if (main is { Exists: true, Length: > 0 and <= LongestRef })
        {
            var name = Encoding.UTF8.GetString(RegularFile.ReadAll(main.FullName, LongestRef)).Trim();
            return Path.GetFileName(name) == name && name is not ("" or "." or "..") && Directory.Exists(Path.Combine(snapshots, name))
                ? Path.Combine(snapshots, name)
                : throw new CheckpointException(
                    $"{repository}: its refs/main names a snapshot that is not in {snapshots}; download the model again, or name the folder of a snapshot");
        }

        var all = Directory.GetDirectories(snapshots).Order(StringComparer.Ordinal).ToArray();
        return all.Length == 1 ? all[0] : throw new CheckpointException(
            $"{repository}: is a repository of a cache with {all.Length} snapshots and no refs/main to say which; "
            + (all.Length == 0 ? "download the model again" : $"name the folder of one: {Names(all)}"));
    }

    // Hidden ones are not a model's: an editor's lock, say. File.Exists is true of a link to nothing.
    private static bool IsDangling(string path) =>
        !Path.GetFileName(path).StartsWith('.') && File.ResolveLinkTarget(path, returnFinalTarget: true) is { Exists: false };

    private static string Base(string folder)
    {
        var config = Path.Combine(folder, "adapter_config.json");
        const string Key = "base_model_name_or_path";
        return File.Exists(config) && JsonFile.ReadObject(config).TryGetProperty(Key, out var name) && name.ValueKind == JsonValueKind.String
            ? $" {name.GetRawText()}"
            : "";
    }

    private static string[] Files(string folder, params string[] patterns) =>
        [.. patterns.SelectMany(p => Directory.GetFiles(folder, p, anyCase)).Order(StringComparer.Ordinal)];

    private static string Names(string[] paths) =>
        string.Join(", ", paths.Take(3).Select(Path.GetFileName)) + (paths.Length > 3 ? $" and {paths.Length - 3} more" : "");
}
