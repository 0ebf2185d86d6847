using FlexGen.Engine;
using FlexGen.Engine.Checkpoints;
using FlexGen.Tokenizers;
using FlexGen.Tokenizers.Loading;

namespace FlexGen.Worker.Generation;

/// <summary>The tokenizer of a model folder, which a checkpoint made for token ids alone may lack.</summary>
internal static class ModelTokenizer
{
    /// <summary>The files of each kind of tokenizer; of those that are there the first kind is read.</summary>
    private static readonly string[][] kinds = [["tokenizer.json"], ["vocab.json", "merges.txt"], ["tokenizer.model"]];
    private static readonly string[] settings = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];

    /// <summary>The folder that a model's path means.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="CheckpointException">It is a file, or a cache in which it is not plain which folder is meant.</exception>
    public static string Find(string path) => Path.Exists(path)
        ? ModelFolder.Find(path)
        : throw new DirectoryNotFoundException($"There is no model folder {path} (looked in {Environment.CurrentDirectory}).");

    /// <exception cref="CheckpointException">A file of it was not fetched.</exception>
    /// <exception cref="TokenizerException">The folder has a tokenizer that cannot be read.</exception>
    public static Tokenizer? LoadIfPresent(string folder) =>
        kinds.Any(kind => kind.Any(file => File.Exists(Path.Combine(folder, file)))) ? Load(folder) : null;

    /// <exception cref="CheckpointException">A file of it was not fetched.</exception>
    /// <exception cref="TokenizerException">The folder has no tokenizer, or one that cannot be read.</exception>
    public static Tokenizer Load(string folder)
    {
        ModelFolder.RequireFetched(folder, [.. kinds.FirstOrDefault(kind => kind.All(file => File.Exists(Path.Combine(folder, file)))) ?? [], .. settings]);
        return TokenizerLoader.Load(folder);
    }
}
