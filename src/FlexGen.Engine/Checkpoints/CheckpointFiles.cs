using System.Text.Json;
using FlexGen.Engine.Checkpoints.Safetensors;

namespace FlexGen.Engine.Checkpoints;

/// <summary>Which files of a model folder hold which tensors.</summary>
internal static class CheckpointFiles
{
    /// <summary>The file of a checkpoint that has one.</summary>
    public const string Single = "model.safetensors";

    /// <summary>The file that names those of a checkpoint that has several.</summary>
    public const string Index = "model.safetensors.index.json";

    /// <summary>What a folder without weights is told.</summary>
    public const string Needed = $"neither {Single} nor {Index} is there";

    /// <summary>Whether a folder holds weights, by the names of its files.</summary>
    public static bool AreIn(string folder) => File.Exists(Path.Combine(folder, Single)) || File.Exists(Path.Combine(folder, Index));

    /// <summary>Opens every file that holds weights and finds each tensor's.</summary>
    /// <param name="folder">The model folder.</param>
    /// <param name="opened">Takes each file as it is opened, so that the caller can close them whatever happens.</param>
    public static Dictionary<string, SafetensorsFile> Open(string folder, List<SafetensorsFile> opened)
    {
        var single = Path.Combine(folder, Single);
        if (File.Exists(single))
        {
            var file = SafetensorsFile.Open(single);
            opened.Add(file);
            return file.Entries.Keys.ToDictionary(name => name, _ => file);
        }

        var index = Path.Combine(folder, Index);
        if (!File.Exists(index))
        {
            throw new CheckpointException($"{folder}: {Needed}");
        }

        return Sharded(folder, index, opened);
    }

    private static Dictionary<string, SafetensorsFile> Sharded(string folder, string index, List<SafetensorsFile> opened)
    {
        var map = ReadIndex(index);
        var shards = map.Values.Distinct().Order().ToList();
        var missing = shards.Where(s => !File.Exists(Path.Combine(folder, s))).ToList();
        if (missing.Count > 0)
        {
            throw new CheckpointException($"{folder}: {missing.Count} of the {shards.Count} files that {Index} names are missing: "
                + $"{string.Join(", ", missing)}");
        }

        var files = new Dictionary<string, SafetensorsFile>();
        foreach (var shard in shards)
        {
            files.Add(shard, SafetensorsFile.Open(Path.Combine(folder, shard)));
            opened.Add(files[shard]);
        }

        foreach (var (tensor, shard) in map)
        {
            if (!files[shard].Entries.ContainsKey(tensor))
            {
                throw new CheckpointException($"{files[shard].Path}: tensor '{tensor}' is not in it, though {Index} says so");
            }
        }

        // The index may not know of all that the files hold, which is no reason to leave it out.
        var tensors = map.ToDictionary(m => m.Key, m => files[m.Value]);
        foreach (var (file, tensor) in files.Values.SelectMany(f => f.Entries.Keys.Where(k => !map.ContainsKey(k)).Select(k => (f, k))))
        {
            if (!tensors.TryAdd(tensor, file))
            {
                throw new CheckpointException(
                    $"{file.Path}: tensor '{tensor}' is in it and in {tensors[tensor].Path}, and {Index} does not say which is meant");
            }
        }

        return tensors;
    }

    private static Dictionary<string, string> ReadIndex(string index)
    {
        if (JsonFile.ReadObject(index).TryGetProperty("weight_map", out var weightMap) && weightMap.ValueKind == JsonValueKind.Object)
        {
            var map = new Dictionary<string, string>();
            foreach (var member in weightMap.EnumerateObject())
            {
                var shard = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : "";
                if (shard.Length == 0 || Path.GetFileName(shard) != shard || !map.TryAdd(member.Name, shard))
                {
                    throw new CheckpointException($"{index}: tensor '{member.Name}' must be given once, with the name of a file in the same "
                        + $"folder; found {member.Value}");
                }
            }

            return map;
        }

        throw new CheckpointException($"{index}: the object 'weight_map' is missing");
    }
}
