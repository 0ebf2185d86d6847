namespace FlexGen.Tokenizers.Loading;

/// <summary>Reads the tokenizer of a checkpoint folder.</summary>
public static class TokenizerLoader
{
    /// <summary>From tokenizer.json, else vocab.json with merges.txt, else tokenizer.model.</summary>
    /// <exception cref="TokenizerException">None of them is there, or what is there is not supported.</exception>
    public static Tokenizer Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string[] names = ["tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model"];
        var there = names.Where(name => File.Exists(Path.Combine(folder, name))).ToList();
        if (there.Contains("tokenizer.json"))
        {
            return TokenizerJson.Load(folder);
        }

        if (there.Contains("vocab.json") && there.Contains("merges.txt"))
        {
            return VocabularyAndMerges.Load(folder);
        }

        if (there.Contains("tokenizer.model"))
        {
            return SentencePieceFile.Load(folder);
        }

        var found = there.Count > 0 ? string.Join(", ", there) + " alone" : Directory.Exists(folder) ? "no tokenizer" : "no such folder";
        throw TokenizerException.Unsupported(folder, found, "tokenizer.json, or vocab.json with merges.txt, or tokenizer.model",
            "Copy the tokenizer's files from the checkpoint into this folder, or name another one as the model's path.");
    }
}
