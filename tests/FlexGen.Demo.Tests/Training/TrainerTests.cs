using FlexGen.Demo.Network;
using FlexGen.Demo.Tests.Tokenization;
using FlexGen.Demo.Training;
using static TorchSharp.torch;

namespace FlexGen.Demo.Tests.Training;

[Trait("Category", "Long")]
public class TrainerTests(TokenizerFolder folder) : IClassFixture<TokenizerFolder>
{
    [Fact]
    public void Some_steps_on_one_batch_lower_its_loss()
    {
        var tokenizer = folder.Load();
        using var batches = new BatchSource(tokenizer, 2, seed: 1);
        var model = DemoModel.Create(tokenizer.VocabularySize, CPU, seed: 1);
        var optimizer = new AdamW(model);
        var batch = batches.Next();
        var losses = new List<float>();
        for (var step = 0; step < 6; step++)
        {
            using var scope = NewDisposeScope();
            var logits = model.Logits(tensor(batch.Tokens), batch.Sequences, tensor(batch.Rows));
            var loss = nn.functional.cross_entropy(logits, tensor(batch.Targets));
            losses.Add(loss.item<float>());
            optimizer.Step(loss, 1e-3);
        }

        Assert.InRange(losses[0], 5f, 8f);
        Assert.True(losses[^1] < losses[0] - 1, string.Join(' ', losses));
    }

    [Fact]
    public void A_saved_model_loads_with_the_same_weights()
    {
        var model = DemoModel.Create(560, CPU, seed: 2);
        model.Save(folder.Path);
        using var difference = (DemoModel.Load(folder.Path, CPU).Flat - model.Flat).abs().max();
        Assert.InRange(difference.item<float>(), 0, 1e-3f);
    }
}
