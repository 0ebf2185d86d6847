using System.Text.Encodings.Web;
using System.Text.Json;

namespace FlexGen.Demo.Tokenization;

/// <summary>Writes a tokenizer folder as OPT's are: special tokens first, and one of them both begins and ends a sequence.</summary>
internal static class TokenizerFiles
{
    /// <summary>The id of the padding token.</summary>
    public const int Padding = 1;

    /// <summary>The id of &lt;/s&gt;, which stands before every prompt and after every completion.</summary>
    public const int EndOfSequence = 2;

    private static readonly string[] specialTokens = ["<s>", "<pad>", "</s>", "<unk>"];

    private static readonly JsonSerializerOptions json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true };

    /// <summary>Writes vocab.json, merges.txt, tokenizer_config.json and special_tokens_map.json.</summary>
    public static void Write(string folder, IReadOnlyList<(string Left, string Right)> merges)
    {
        Directory.CreateDirectory(folder);
        string[] tokens = [.. specialTokens, .. ByteAlphabet.Characters.Select(c => c.ToString()), .. merges.Select(m => m.Left + m.Right).Distinct()];
        Write(folder, "vocab.json", tokens.Select((token, id) => (token, id)).ToDictionary(t => t.token, t => t.id));
        File.WriteAllLines(Path.Combine(folder, "merges.txt"), ["#version: 0.2", .. merges.Select(m => $"{m.Left} {m.Right}")]);
        Write(folder, "special_tokens_map.json", new { bos_token = "</s>", eos_token = "</s>", pad_token = "<pad>", unk_token = "</s>" });
        Write(folder, "tokenizer_config.json", new
        {
            add_bos_token = true,
            add_prefix_space = false,
            bos_token = "</s>",
            eos_token = "</s>",
            errors = "replace",
            pad_token = "<pad>",
            tokenizer_class = "GPT2Tokenizer",
            unk_token = "</s>",
        });
    }

    private static void Write(string folder, string name, object value) =>
        File.WriteAllText(Path.Combine(folder, name), JsonSerializer.Serialize(value, json) + "\n");
}
