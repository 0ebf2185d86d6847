using FlexGen.Demo.Data;
using FlexGen.Demo.Tokenization;

namespace FlexGen.Demo.Tests.Tokenization;

public class BpeTrainerTests(TokenizerFolder folder) : IClassFixture<TokenizerFolder>
{
    private const int ContextLength = 320;
    private const int MaxNewTokens = 64;

    [Fact]
    public void The_most_frequent_pair_merges_first() =>
        Assert.Equal([("a", "b"), ("ab", "c")], BpeTrainer.Train(["abc abd abc"], mergeCount: 2));

    [Fact]
    public void Digits_stay_single() => Assert.Equal(6, folder.Load().Encode(" 12345", addSpecialTokens: false).Length);

    [Fact]
    public void A_name_has_the_same_tokens_after_a_quote_as_after_a_space()
    {
        var (tokenizer, words) = (folder.Load(), new Words(NameSet.Test, new Random(1)));
        for (var n = 0; n < 500; n++)
        {
            var name = words.Name();
            var quoted = tokenizer.Encode(name, addSpecialTokens: false);
            Assert.Equal(quoted, tokenizer.Encode(" " + name, addSpecialTokens: false).Skip(1));
        }
    }

    [Fact]
    public void All_texts_come_back_and_fit_the_context()
    {
        var tokenizer = folder.Load();
        Assert.All(RecordSet.Make(NameSet.Test, 2, 500), record =>
        {
            var prompt = tokenizer.Encode(record.Prompt);
            var completion = tokenizer.Encode(record.Completion, addSpecialTokens: false);
            Assert.Equal(TokenizerFiles.EndOfSequence, prompt[0]);
            Assert.Equal(record.Prompt, tokenizer.Decode(prompt));
            Assert.Equal(record.Completion, tokenizer.Decode(completion));
            Assert.True(completion.Length < MaxNewTokens && prompt.Length + MaxNewTokens <= ContextLength, record.ToString());
        });
    }
}
