namespace FlexGen.Fuzzing.Targets;

/// <summary>Loads a tokenizer_config.json beside tokenizer files that fit it.</summary>
internal sealed class TokenizerConfigTarget : FuzzTarget
{
    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-fuzz-").FullName;

    public TokenizerConfigTarget()
    {
        foreach (var file in new[] { "vocab.json", "merges.txt" })
        {
            File.Copy(Path.Combine(Repository.Root, "pipelines", "demo", "model", file), Path.Combine(folder, file));
        }
    }

    public override string Name => "tokenizer-config";

    public override IEnumerable<byte[]> Seeds() => [File.ReadAllBytes(Path.Combine(Repository.Root, "pipelines", "demo", "model", "tokenizer_config.json"))];

    public override byte[] Mutate(byte[] seed, byte[] other, Random random)
    {
        var configs = Directory.GetFiles(Below("FlexGen.Tokenizers.Tests", "reference"), "tokenizer_config.json", SearchOption.AllDirectories);
        return JsonMutation.Of(seed, File.ReadAllBytes(configs[random.Next(configs.Length)]), random);
    }

    protected override void Read(byte[] input)
    {
        File.WriteAllBytes(Path.Combine(folder, "tokenizer_config.json"), input);
        TokenizerTarget.Use(folder);
    }
}
