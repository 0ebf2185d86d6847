using System.Globalization;
using System.Text.Json;
using FlexGen.Tokenizers.Added;

namespace FlexGen.Tokenizers.Loading;

/// <summary>What tokenizer_config.json, special_tokens_map.json and added_tokens.json say; all of them may be missing.</summary>
internal sealed class TokenizerConfig
{
    private static readonly string[] names = ["bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token"];
    private readonly JsonElement config;
    private readonly JsonElement map;
    private readonly JsonElement addedTokens;

    public TokenizerConfig(string folder)
    {
        config = Json.ReadIfThere(Path.Combine(folder, "tokenizer_config.json")) ?? default;
        map = Json.ReadIfThere(Path.Combine(folder, "special_tokens_map.json")) ?? default;
        addedTokens = Json.ReadIfThere(Path.Combine(folder, "added_tokens.json")) ?? default;
        ModelType = Json.ReadIfThere(Path.Combine(folder, "config.json"))?.Text("model_type");
    }

    public string? ModelType { get; }

    public string? TokenizerClass => config.Text("tokenizer_class");

    public bool? AddBegin => config.Flag("add_bos_token");

    public bool? AddEnd => config.Flag("add_eos_token");

    public bool AddPrefixSpace => config.Flag("add_prefix_space") ?? false;

    public string? BeginToken => Named("bos_token");

    public string? EndToken => Named("eos_token");

    public string? UnknownToken => Named("unk_token");

    /// <summary>The texts of special tokens by the names that chat templates know them by.</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens => names.Select(name => (Name: name, Text: Named(name)))
        .Concat(Members(config.Get("extra_special_tokens") ?? default).Select(token => (token.Name, Text: TextOf(token.Value))))
        .Where(token => token.Text is not null).ToDictionary(token => token.Name, token => token.Text!, StringComparer.Ordinal);

    /// <summary>Tokens to match whole in a text whose vocabulary is this one: those named as special, and those added
    /// to the vocabulary.</summary>
    public IReadOnlyList<AddedToken> AddedTokens(IReadOnlyDictionary<string, int> vocabulary)
    {
        var special = names.Select(Named).Concat(config.Items("additional_special_tokens").Select(TextOf))
            .Concat(map.Items("additional_special_tokens").Select(TextOf)).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var tokens = special.Where(vocabulary.ContainsKey)
            .ToDictionary(text => text, text => new AddedToken(vocabulary[text], text, Special: true), StringComparer.Ordinal);
        foreach (var token in Members(addedTokens).Where(token => token.Value.ValueKind == JsonValueKind.Number))
        {
            tokens[token.Name] = new AddedToken(token.Value.GetInt32(), token.Name, special.Contains(token.Name));
        }

        foreach (var token in Members(config.Get("added_tokens_decoder") ?? default))
        {
            if (int.TryParse(token.Name, CultureInfo.InvariantCulture, out var id) && Read(id, token.Value) is { } read)
            {
                tokens[read.Text] = read with { Special = read.Special || special.Contains(read.Text) };
            }
        }

        return [.. tokens.Values];
    }

    /// <summary>An entry of added_tokens or added_tokens_decoder; null when it has no text.</summary>
    public static AddedToken? Read(int id, JsonElement token) => token.Text("content") is { Length: > 0 } text
        ? new AddedToken(id, text, token.Flag("special") ?? false, token.Flag("single_word") ?? false, token.Flag("lstrip") ?? false,
            token.Flag("rstrip") ?? false, token.Flag("normalized") ?? true)
        : null;

    private static string? TextOf(JsonElement token) =>
        token.ValueKind == JsonValueKind.String ? token.GetString() : token.Text("content");

    private static JsonElement.ObjectEnumerator Members(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : default;

    private string? Named(string name) => (config.Get(name) ?? map.Get(name)) is { } token ? TextOf(token) : null;
}
