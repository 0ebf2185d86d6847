using FlexGen.Tokenizers;

namespace FlexGen.Worker.Generation;

/// <summary>The tokenizer of a model folder, which a checkpoint made for token ids alone may lack.</summary>
internal static class TokenizerFolder
{
    private static readonly string[] files = ["tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model"];

    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="TokenizerException">The folder has a tokenizer that cannot be read.</exception>
    public static Tokenizer? LoadIfPresent(string folder)
    {
        Require(folder);
        return files.Any(f => File.Exists(Path.Combine(folder, f))) ? Tokenizer.Load(folder) : null;
    }

    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="TokenizerException">The folder has no tokenizer, or one that cannot be read.</exception>
    public static Tokenizer Load(string folder)
    {
        Require(folder);
        return Tokenizer.Load(folder);
    }

    private static void Require(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"There is no model folder {folder} (looked in {Environment.CurrentDirectory}).");
        }
    }
}
