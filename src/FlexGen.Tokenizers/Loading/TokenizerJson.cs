using System.Text.Json;
using FlexGen.Tokenizers.Added;
using FlexGen.Tokenizers.Bpe;

namespace FlexGen.Tokenizers.Loading;

/// <summary>Reads tokenizer.json, the file of the Hugging Face tokenizers library.</summary>
internal static class TokenizerJson
{
    private const string Models = "a BPE without dropout, continuing_subword_prefix or end_of_word_suffix";
    private static readonly string[] affixes = ["continuing_subword_prefix", "end_of_word_suffix"];

    public static Tokenizer Load(string folder)
    {
        var file = Path.Combine(folder, "tokenizer.json");
        var root = Json.Read(file);
        try
        {
            return Load(file, root, new TokenizerConfig(folder));
        }
        catch (Exception exception) when (exception is InvalidOperationException or FormatException or ArgumentException)
        {
            throw TokenizerException.Unsupported(file, $"a value of the wrong kind ({exception.Message})", "a file as the tokenizers library writes it",
                "Copy the file again from the checkpoint.");
        }
    }

    private static BpeTokenizer Load(string file, JsonElement root, TokenizerConfig config)
    {
        Component? ComponentOf(string role) => root.Get(role) is { } body ? new Component(file, role, body) : null;
        var model = ComponentOf("model") ?? new Component(file, "model", default);
        RequireBpe(model);
        var vocabulary = Json.Ids(file, model.Body.GetProperty("vocab"));
        var own = root.Items("added_tokens").Select(token => ReadAdded(token, vocabulary)).OfType<AddedToken>().ToList();
        var texts = own.Select(token => token.Text).ToHashSet(StringComparer.Ordinal);
        var taken = own.Select(token => token.Id).ToHashSet();
        // Some checkpoints name control tokens in tokenizer_config.json alone, in places that the vocabulary keeps for them.
        var added = own.Concat(config.AddedTokens(vocabulary).Where(token => !texts.Contains(token.Text)
            && !taken.Contains(vocabulary.GetValueOrDefault(token.Text, token.Id))).Select(token => InVocabulary(token, vocabulary))).ToList();
        var bpe = new BpeBuilder(file, vocabulary, added);
        foreach (var merge in model.Body.Items("merges"))
        {
            AddMerge(bpe, model, merge);
        }

        var preTokenizer = PreTokenizerReader.Read(ComponentOf("pre_tokenizer"), out var byteLevel);
        var unknown = bpe.Find(model.Body.Text("unk_token"));
        var missing = new MissingCharacters(vocabulary, model.Body.Flag("byte_fallback") ?? false, unknown, model.Body.Flag("fuse_unk") ?? false);
        IAlphabet alphabet = byteLevel ? new ByteAlphabet(vocabulary, missing) : new RuneAlphabet(vocabulary, missing);
        var ignoreMerges = model.Body.Flag("ignore_merges") ?? false;
        if (!byteLevel && bpe.SpaceSplitter(ignoreMerges) is { } spaces)
        {
            preTokenizer = preTokenizer with { Words = preTokenizer.Words.With(spaces) };
        }

        var (before, after) = PostProcessorReader.Read(ComponentOf("post_processor"));
        var ids = bpe.Vocabulary(config, before, after);
        var decoder = DecoderReader.Read(ComponentOf("decoder") ?? new Component(file, "decoder", default), ids);
        return new BpeTokenizer(
            ids, added, NormalizerReader.Read(ComponentOf("normalizer")), preTokenizer, bpe.Build(alphabet, ignoreMerges), decoder);
    }

    private static void RequireBpe(Component model)
    {
        // Older files leave the type out.
        if (model.Body.Text("type") is not (null or "BPE") || model.Body.Get("vocab") is null || model.Body.Get("merges") is null)
        {
            throw model.Unsupported(Models);
        }

        var changed = affixes.FirstOrDefault(name => model.Body.Text(name) is { Length: > 0 })
            ?? (model.Body.Get("dropout")?.GetDouble() > 0 ? "dropout" : null);
        if (changed is not null)
        {
            throw model.Unsupported($"BPE with {changed}", Models);
        }
    }

    private static AddedToken? ReadAdded(JsonElement token, Dictionary<string, int> vocabulary) =>
        TokenizerConfig.Read(token.Get("id")?.GetInt32() ?? 0, token) is { } read ? InVocabulary(read, vocabulary) : null;

    private static AddedToken InVocabulary(AddedToken token, Dictionary<string, int> vocabulary) =>
        token with { Id = vocabulary.GetValueOrDefault(token.Text, token.Id) };

    private static void AddMerge(BpeBuilder bpe, Component model, JsonElement merge)
    {
        var pair = merge.ValueKind == JsonValueKind.String ? merge.GetString()!.Split(' ') : [.. merge.EnumerateArray().Select(part => part.GetString()!)];
        if (pair.Length != 2)
        {
            throw model.Unsupported($"BPE with the merge {merge.OnOneLine()}", "merges of two tokens");
        }

        bpe.AddMerge(pair[0], pair[1]);
    }
}
