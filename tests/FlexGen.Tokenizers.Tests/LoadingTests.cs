using FlexGen.Tokenizers.Loading;

namespace FlexGen.Tokenizers.Tests;

public class LoadingTests
{
    [Theory]
    [InlineData("tokenizer_config.json")]
    [InlineData("tokenizer.json")]
    public void Given_a_file_with_bytes_that_are_no_text_when_loaded_then_it_is_refused_by_name(string file)
    {
        using var folder = Reference.Changed("llama3", file, text => text);
        var path = Path.Combine(folder.Path, file);
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, [.. bytes[..1], .. "\"x\": \"a"u8, 0xf0, .. "\","u8, .. bytes[1..]]);
        var message = Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(folder.Path)).Message;
        Assert.Contains(path, message, StringComparison.Ordinal);
        Assert.Contains("not valid UTF-8", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama3", "tokenizer.json", "\"type\": \"BPE\"", "\"type\": \"Unigram\"", "the model Unigram", "a BPE without dropout")]
    [InlineData("llama3", "tokenizer.json", "\\\\p{N}{1,3}", "\\\\p{N}{1,4}", "the pre_tokenizer Split", "\\\\p{N}{1,4}", "the Regex of GPT-2, Llama 3, Qwen 2")]
    [InlineData("gemma", "tokenizer.json", "MergedWithPrevious", "MergedWithNext", "the pre_tokenizer Split with the behavior MergedWithNext", "DeepSeek V3, GPT-4o, gpt-oss and Mistral Nemo")]
    [InlineData("deepseek", "tokenizer.json", "[\\\\p{L}\\\\p{M}]+", "[\\\\p{L}]+", "the pre_tokenizer Split", "DeepSeek V3, GPT-4o, gpt-oss and Mistral Nemo")]
    [InlineData("llama3", "tokenizer.json", "\"type\": \"TemplateProcessing\"", "\"type\": \"BertProcessing\"", "the post_processor BertProcessing")]
    [InlineData("llama2", "tokenizer.json", "\"type\": \"Strip\"", "\"type\": \"WordPiece\"", "the decoder")]
    [InlineData("llama2", "tokenizer.json", "\"type\": \"Prepend\"", "\"type\": \"Lowercase\"", "the normalizer Lowercase")]
    [InlineData("mistral", "tokenizer.json", "\"type\": \"Metaspace\"", "\"type\": \"Whitespace\"", "the pre_tokenizer Whitespace")]
    [InlineData("qwen", "tokenizer.json", "{", "", "not JSON", "Copy the file again")]
    [InlineData("opt", "tokenizer_config.json", "GPT2Tokenizer", "BertTokenizer", "the tokenizer_class BertTokenizer")]
    [InlineData("opt", "merges.txt", "h e\n", "h e x\n", "3 words in line ", "two tokens")]
    [InlineData("opt", "merges.txt", "h e\n", "h absent\n", "\"habsent\", which the vocabulary lacks")]
    [InlineData("opt", "vocab.json", "\"<pad>\": 1", "\"<pad>\": -1", "no id for \"<pad>\"")]
    [InlineData("opt", "vocab.json", "\"<pad>\": 1", "\"<pad>\": 1, \"<pad>\": 5", "the token \"<pad>\" twice")]
    [InlineData("opt", "vocab.json", "\"<pad>\": 1", "\"<pad>\": 200000000", "the id 200000000 for \"<pad>\" among", "ids from 0 to 1048575")]
    [InlineData("llama3", "tokenizer.json", "\"!\": 0", "\"!\": -1", "no id for \"!\" but -1")]
    [InlineData("llama3", "tokenizer.json", "\"!\": 0", "\"!\": \"0\"", "no id for \"!\" but \"0\"")]
    [InlineData("llama3", "tokenizer.json", "\"!\": 0", "\"!\": 0, \"!\": 7", "the token \"!\" twice")]
    [InlineData("llama3", "tokenizer.json", "\"!\": 0", "\"!\": 200000000", "the id 200000000 for \"!\" among")]
    [InlineData("llama3", "tokenizer.json", "\"id\": 1061", "\"id\": -5", "the id -5 for \"<|begin_of_text|>\" among")]
    [InlineData("sentencepiece", "tokenizer_config.json", "{", "{\"added_tokens_decoder\": {\"200000000\": {\"content\": \"x\"}},", "the id 200000000 for \"x\" among")]
    [InlineData("opt", "special_tokens_map.json", "{", "[", "special_tokens_map.json")]
    [InlineData("opt", "tokenizer_config.json", "{", "{\"bos_token\": \"\\ud800\",", "not JSON", "Copy the file again")]
    [InlineData("llama3", "tokenizer.json", "\"!\": 0", "\"\\ud800\": 0", "not JSON", "Copy the file again")]
    public void A_file_that_cannot_be_read_or_is_not_supported_is_refused_by_name(string kind, string file, string old, string changed, params string[] parts)
    {
        using var folder = Reference.Changed(kind, file, text =>
        {
            Assert.Contains(old, text, StringComparison.Ordinal);
            var at = text.IndexOf(old, StringComparison.Ordinal);
            return text[..at] + changed + text[(at + old.Length)..];
        });
        var message = Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(folder.Path)).Message;
        Assert.StartsWith(folder.Path, message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Theory]
    [InlineData("llama3", "tokenizer.json")]
    [InlineData("opt", "vocab.json")]
    [InlineData("opt", "merges.txt")]
    [InlineData("opt", "tokenizer_config.json")]
    [InlineData("sentencepiece", "tokenizer.model")]
    public void A_pipe_or_a_device_in_the_place_of_a_file_is_refused(string kind, string file)
    {
        using var folder = Reference.Changed(kind, file, text => text);
        var path = Path.Combine(folder.Path, file);
        File.Delete(path);
        using (var made = System.Diagnostics.Process.Start("mkfifo", path))
        {
            made.WaitForExit();
        }

        Assert.Contains("is a named pipe", Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(folder.Path)).Message, StringComparison.Ordinal);
        File.Delete(path);
        File.CreateSymbolicLink(path, "/dev/zero");
        Assert.Contains("is a device", Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_that_is_no_merge_is_not_quoted()
    {
        using var folder = Reference.Changed("opt", "merges.txt", _ => "root:$6$secret:19000:0:99999:7:::\n");
        var message = Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(folder.Path)).Message;
        Assert.Contains("line 1", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no protocol buffer")]
    public void A_sentencepiece_file_that_is_none_is_refused(string content)
    {
        using var folder = Reference.Changed("sentencepiece", "tokenizer.model", _ => content);
        Assert.Contains("tokenizer.model", Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_tokenizer_is_refused_with_the_files_that_make_one()
    {
        using var folder = new ChangedFolder();
        Refused("found no tokenizer");
        File.WriteAllText(Path.Combine(folder.Path, "vocab.json"), "{}");
        Refused("found vocab.json alone");

        void Refused(string found)
        {
            var message = Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(folder.Path)).Message;
            Assert.Contains(found, message, StringComparison.Ordinal);
            Assert.Contains("expected tokenizer.json, or vocab.json with merges.txt, or tokenizer.model", message, StringComparison.Ordinal);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_vocabulary_that_lacks_an_id_of_the_tokenizer_does_not_fit(string kind)
    {
        var tokenizer = Reference.Of(kind);
        tokenizer.RequireVocabulary(tokenizer.VocabularySize);
        var highest = Enumerable.Range(0, tokenizer.VocabularySize).Last(id => Record.Exception(() => tokenizer.RequireVocabulary(id)) is not null);
        var message = Assert.Throws<TokenizerException>(() => tokenizer.RequireVocabulary(highest)).Message;
        Assert.Contains($"with id {highest}", message, StringComparison.Ordinal);
        Assert.Contains($"below the model's {highest}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_added_token_without_an_embedding_is_no_reason_to_refuse_a_model()
    {
        using var folder = new ChangedFolder();
        File.WriteAllText(Path.Combine(folder.Path, "vocab.json"), """{"a": 0, "b": 1}""");
        File.WriteAllText(Path.Combine(folder.Path, "merges.txt"), "");
        File.WriteAllText(Path.Combine(folder.Path, "added_tokens.json"), """{"[PAD]": 2}""");
        var tokenizer = TokenizerLoader.Load(folder.Path);
        tokenizer.RequireVocabulary(2);
        Assert.Equal([0, 2], tokenizer.Encode("a[PAD]"));
        Assert.Throws<TokenizerException>(() => tokenizer.RequireVocabulary(1));
    }

    public static TheoryData<string> Kinds => Reference.Kinds;
}
