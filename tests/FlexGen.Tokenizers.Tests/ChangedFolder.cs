namespace FlexGen.Tokenizers.Tests;

/// <summary>A folder of a test's own.</summary>
internal sealed class ChangedFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tokenizer").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
