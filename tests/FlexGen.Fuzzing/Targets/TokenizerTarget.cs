using FlexGen.Tokenizers.Loading;

namespace FlexGen.Fuzzing.Targets;

/// <summary>Loads a tokenizer.json, and encodes and decodes a text with what comes of it.</summary>
internal sealed class TokenizerTarget : FuzzTarget
{
    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-fuzz-").FullName;

    public override string Name => "tokenizer";

    public override IEnumerable<byte[]> Seeds() =>
        Directory.GetFiles(Below("FlexGen.Tokenizers.Tests", "reference"), "tokenizer.json", SearchOption.AllDirectories)
            .Where(file => new FileInfo(file).Length < 1 << 16).Order().Select(File.ReadAllBytes);

    public override byte[] Mutate(byte[] seed, byte[] other, Random random) => JsonMutation.Of(seed, other, random);

    /// <summary>Loads a folder and uses it.</summary>
    public static void Use(string folder)
    {
        var tokenizer = TokenizerLoader.Load(folder);
        var ids = tokenizer.Encode("Ada's 1,234 apples\n\n  naïve Ä\u0301\u0323 😀 <s>▁日本\0\u200b");
        tokenizer.Decode(ids);
    }

    protected override void Read(byte[] input)
    {
        File.WriteAllBytes(Path.Combine(folder, "tokenizer.json"), input);
        Use(folder);
    }
}
