using FlexGen.Dataflow;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Generation;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests.Generation;

/// <summary>A model whose folder names no end-of-sequence token that it uses, so that nothing but stop rules ends its completions.</summary>
public sealed class StopTokenTests : IDisposable
{
    private const string Answer = """ {"name": "Ada Lovelace", "city": "Turin", "amount": 12.50}""";
    private const int EndOfSequence = 2;
    private static readonly Prompt prompt = new("Text: Order for Ada Lovelace from Turin over 12.50 EUR.\nJSON:", []);
    private readonly ModelWorkspace models = new();
    private readonly string folder;

    public StopTokenTests()
    {
        folder = models.Copy(ModelWorkspace.DemoModel);
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), """{"eos_token_id": 799}""");
    }

    public void Dispose() => models.Dispose();

    [Fact]
    public async Task Given_a_control_token_s_text_or_its_id_when_generated_then_the_token_ends_it_with_the_text_before_it()
    {
        foreach (var ignoreEos in new[] { false, true })
        {
            await ExpectAnswer(new() { Stop = ["</s>"], IgnoreEos = ignoreEos });
            await ExpectAnswer(new() { Stop = ["nowhere", "}</s>"], IgnoreEos = ignoreEos }, Answer[..^1]);
            await ExpectAnswer(new() { StopTokenIds = [EndOfSequence, 5], IgnoreEos = ignoreEos });
        }
    }

    [Fact]
    public void Given_an_id_beyond_the_vocabulary_when_loaded_then_it_is_refused()
    {
        var message = Assert.Throws<UsageException>(() => Load(new() { StopTokenIds = [EndOfSequence, 800] })).Message;
        Assert.Equal("generation.stopTokenIds holds 800, but the model's token ids are 0 to 799.", message);
    }

    [Theory]
    [InlineData("-1", "stopTokenIds must hold token ids, none below 0; found -1.")]
    [InlineData("two", "'stopTokenIds.0' must be a whole number; found 'two'.")]
    public void Given_what_is_no_id_when_bound_then_it_is_refused(string id, string why)
    {
        var values = ConfigurationLayer.NewValues();
        values["stopTokenIds:0"] = id;
        var message = Assert.Throws<UsageException>(() => OptionsBinder.Bind<GenerationOptions>("command line", [new(values, _ => "--stop-token-id")])).Message;
        Assert.Equal($"command line: --stop-token-id: {why}", message);
    }

    private async Task ExpectAnswer(GenerationOptions options, string text = Answer)
    {
        using var model = Load(options);
        var generated = await model.GenerateAsync(model.Encode(prompt), returnLogits: false, default);
        Assert.Equal((text, "stop", EndOfSequence), (generated.Text, generated.FinishReasonName, generated.TokenIds[^1]));
    }

    private LanguageModel Load(GenerationOptions options) => LanguageModel.Load(folder, new EngineSettings { Device = "cpu", GpuBatchSize = 1 }, options);
}
