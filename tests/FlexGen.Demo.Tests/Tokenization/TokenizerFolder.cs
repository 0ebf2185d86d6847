using FlexGen.Demo.Data;
using FlexGen.Demo.Tokenization;
using FlexGen.Tokenizers;
using FlexGen.Tokenizers.Loading;

namespace FlexGen.Demo.Tests.Tokenization;

/// <summary>A tokenizer trained on few records, in a folder of its own.</summary>
public sealed class TokenizerFolder : IDisposable
{
    public TokenizerFolder() => TokenizerFiles.Write(
        Path, BpeTrainer.Train(RecordSet.Make(NameSet.Train, 1, 500).Select(r => r.Prompt + r.Completion), mergeCount: 300));

    public string Path { get; } = Directory.CreateTempSubdirectory().FullName;

    internal Tokenizer Load() => TokenizerLoader.Load(Path);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
