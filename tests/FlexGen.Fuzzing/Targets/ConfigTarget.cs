using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Models;

namespace FlexGen.Fuzzing.Targets;

/// <summary>Makes a model of a config.json and a small checkpoint's tensors.</summary>
internal sealed class ConfigTarget : FuzzTarget
{
    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-fuzz-").FullName;

    public ConfigTarget()
    {
        foreach (var file in Directory.GetFiles(Below("FlexGen.Engine.Tests", "reference", "llama2"), "model*"))
        {
            File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(file)), file);
        }
    }

    public override string Name => "config";

    public override IEnumerable<byte[]> Seeds() => [File.ReadAllBytes(Below("FlexGen.Engine.Tests", "reference", "llama2", "config.json"))];

    public override byte[] Mutate(byte[] seed, byte[] other, Random random)
    {
        // The others belong to other tensors and are refused as they are; their keys and values are not.
        var configs = Directory.GetFiles(Below("FlexGen.Engine.Tests", "reference"), "config.json", SearchOption.AllDirectories);
        return JsonMutation.Of(seed, File.ReadAllBytes(configs[random.Next(configs.Length)]), random);
    }

    protected override void Read(byte[] input)
    {
        File.WriteAllBytes(Path.Combine(folder, "config.json"), input);
        using var checkpoint = Checkpoint.Open(folder);
        ModelFamily.Create(checkpoint);
    }
}
