using FlexGen.Demo.Tests.Tokenization;
using FlexGen.Demo.Training;

namespace FlexGen.Demo.Tests.Training;

public class BatchSourceTests(TokenizerFolder folder) : IClassFixture<TokenizerFolder>
{
    [Fact]
    public void Batches_follow_from_the_seed_and_supervise_the_completion_alone()
    {
        var tokenizer = folder.Load();
        using var one = new BatchSource(tokenizer, 4, seed: 1);
        using var again = new BatchSource(tokenizer, 4, seed: 1);
        for (var n = 0; n < 20; n++)
        {
            var batch = one.Next();
            Assert.Equal(batch.Tokens, again.Next().Tokens);
            var length = batch.Tokens.Length / batch.Sequences;
            for (var i = 0; i < batch.Rows.Length; i++)
            {
                Assert.Equal(batch.Targets[i], batch.Tokens[batch.Rows[i] + 1]);
            }

            for (var s = 0; s < batch.Sequences; s++)
            {
                var targets = batch.Rows.Select((row, i) => (row, i)).Where(r => r.row / length == s).Select(r => (int)batch.Targets[r.i]).ToArray();
                Assert.Matches("""^ \{"name": .*, "city": .*, "amount": .*\}$""", tokenizer.Decode(targets));
            }
        }
    }
}
