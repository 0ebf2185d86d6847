using System.Text.Json.Nodes;
using FlexGen.Tokenizers.Loading;

namespace FlexGen.Tokenizers.Tests.Normalization;

public class GrowthTests
{
    [Fact]
    public void Chained_replacements_are_stopped_before_they_fill_the_memory()
    {
        using var folder = Reference.Changed("llama2", "tokenizer.json", text =>
        {
            var root = JsonNode.Parse(text)!;
            root["normalizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["normalizers"] = new JsonArray([.. Enumerable.Range(0, 34).Select(
                    _ => JsonNode.Parse("""{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}"""))]),
            };
            return root.ToJsonString();
        });
        var tokenizer = TokenizerLoader.Load(folder.Path);
        Assert.NotEmpty(tokenizer.Encode("b"));
        var message = Assert.Throws<TokenizerException>(() => tokenizer.Encode("a")).Message;
        Assert.Contains("8192 characters out of one of 1; expected at most 4096", message, StringComparison.Ordinal);
    }
}
