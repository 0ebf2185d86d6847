using FlexGen.Tokenizers.Bpe;
using FlexGen.Tokenizers.Normalization;
using FlexGen.Tokenizers.Splitting;
using FlexGen.Tokenizers.Splitting.Families;

namespace FlexGen.Tokenizers.Loading;

/// <summary>Reads vocab.json with merges.txt, the byte-level files of GPT-2, OPT and Qwen 2.</summary>
internal static class VocabularyAndMerges
{
    public static Tokenizer Load(string folder)
    {
        var vocabularyFile = Path.Combine(folder, "vocab.json");
        var config = new TokenizerConfig(folder);
        var qwen = config.TokenizerClass is "Qwen2Tokenizer" or "Qwen2TokenizerFast";
        if (!qwen && config.TokenizerClass is not (null or "GPT2Tokenizer" or "GPT2TokenizerFast" or "PreTrainedTokenizerFast"))
        {
            throw TokenizerException.Unsupported(Path.Combine(folder, "tokenizer_config.json"), $"the tokenizer_class {config.TokenizerClass}",
                "GPT2Tokenizer or Qwen2Tokenizer beside vocab.json and merges.txt", "Add the checkpoint's tokenizer.json.");
        }

        var vocabulary = Json.Ids(vocabularyFile, Json.Read(vocabularyFile));
        var added = config.AddedTokens(vocabulary);
        var bpe = new BpeBuilder(vocabularyFile, vocabulary, added);
        ReadMerges(Path.Combine(folder, "merges.txt"), bpe);

        var addsBegin = config.AddBegin ?? (config.BeginToken == "</s>" || config.ModelType == "opt");
        var begin = bpe.Find(config.BeginToken ?? (config.ModelType == "opt" ? "</s>" : null));
        var end = config.AddEnd == true ? bpe.Find(config.EndToken) : null;
        var ids = bpe.Vocabulary(config, addsBegin && begin is { } first ? [first] : [], end is { } last ? [last] : []);
        var words = new PreTokenizer(new WordSplitter([qwen ? new Cl100kSplitter(digits: 1) : new Gpt2Splitter()]), config.AddPrefixSpace);
        var missing = new MissingCharacters(vocabulary, byteFallback: false, bpe.Find(config.UnknownToken), fuseUnknown: false);
        var model = bpe.Build(new ByteAlphabet(vocabulary, missing), ignoreMerges: false);
        return new BpeTokenizer(ids, added, qwen ? new UnicodeNormalizer(compatible: false) : null, words, model, DecoderReader.ByteLevel(ids));
    }

    private static void ReadMerges(string file, BpeBuilder bpe)
    {
        using var reader = new StreamReader(new MemoryStream(TokenizerFile.Read(file)));
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (line.Length == 0 || line.StartsWith("#version", StringComparison.Ordinal))
            {
                continue;
            }

            var pair = line.Split(' ');
            if (pair.Length != 2)
            {
                throw TokenizerException.Unsupported(file, $"{pair.Length} words in line {number}", "two tokens with one space between them",
                    "Copy the file again from the checkpoint.");
            }

            bpe.AddMerge(pair[0], pair[1]);
        }
    }
}
