namespace FlexGen.Fuzzing.Targets;

/// <summary>Loads a SentencePiece model, and encodes and decodes a text with what comes of it.</summary>
internal sealed class SentencePieceTarget : FuzzTarget
{
    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-fuzz-").FullName;

    public override string Name => "sentencepiece";

    public override IEnumerable<byte[]> Seeds() =>
        Directory.GetFiles(Below("FlexGen.Tokenizers.Tests", "reference"), "tokenizer.model", SearchOption.AllDirectories).Order().Select(File.ReadAllBytes);

    protected override void Read(byte[] input)
    {
        File.WriteAllBytes(Path.Combine(folder, "tokenizer.model"), input);
        TokenizerTarget.Use(folder);
    }
}
