using System.Text.Json;
using System.Text.Json.Nodes;
using FlexGen.Dataflow;
using FlexGen.Engine;
using FlexGen.Tokenizers.Loading;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Generation;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests.Generation;

public sealed class ReasoningTests : IDisposable
{
    private const int Begin = 798, End = 799, Eos = 2;
    private readonly ModelWorkspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Theory]
    [InlineData(false, "<Ada>\n\nBonn", "Bonn", "Ada")]
    [InlineData(true, " Ada \n>\nBonn", "Bonn", "Ada")]
    [InlineData(false, " Bonn\n", " Bonn\n", null)]
    [InlineData(false, "<Ada", "", "Ada")]
    [InlineData(true, "", "", "")]
    [InlineData(false, "Bo<Ada>nn", "Bonn", "Ada")]
    [InlineData(false, ">Bonn", "Bonn", "")]
    public void Given_tokens_of_reasoning_then_they_are_in_no_output(bool isOpen, string tokens, string output, string? reasoning)
    {
        var tokenizer = TokenizerLoader.Load(Model());
        var split = new ReasoningSplit(
            ReasoningTokens.Find(tokenizer)!, isOpen, tokenizer.CreateDecoder(), new StopMatcher(new(["Ada"], []), tokenizer.CreateDecoder()));
        foreach (var part in tokens)
        {
            // A stop text within reasoning is none.
            Assert.All(part is '<' ? [Begin] : part is '>' ? [End] : tokenizer.Encode($"{part}", addSpecialTokens: false), id => Assert.False(split.Append(id)));
        }

        Assert.Equal((output, reasoning), split.Finish());
    }

    [Fact]
    public void Given_a_rule_then_it_holds_after_reasoning_which_ends_while_there_is_room()
    {
        var mask = new uint[25];
        var rule = new ReasonedRule(new Only(7), new ReasoningTokens(Begin, End), isOpen: false, [Eos], reserve: 3);
        rule.Fill(mask, 20);
        Assert.Equal([7, Begin], Allowed());
        Assert.True(rule.Take(Begin));
        rule.Fill(mask, 19);
        Assert.Equal(800 - 2, Allowed().Count());
        Assert.Empty(Allowed().Intersect([Eos, Begin]));
        Assert.True(rule.Take(5));
        rule.Fill(mask, 4);
        Assert.Equal([End], Allowed());
        Assert.False(rule.IsOver);
        Assert.True(rule.Take(End));
        rule.Fill(mask, 3);
        Assert.Equal([7], Allowed());
        Assert.False(rule.Take(Begin));
        Assert.True(rule.Take(7));
        Assert.True(rule.IsOver);

        IEnumerable<int> Allowed() => Enumerable.Range(0, 800).Where(id => (mask[id / 32] & (1u << (id % 32))) != 0);
    }

    [Fact]
    public async Task Given_a_prompt_that_begins_reasoning_when_generated_then_the_output_is_of_the_schema_and_reasoning_is_apart()
    {
        var options = new GenerationOptions { MaxNewTokens = 60, Temperature = 0.7 };
        using var model = LanguageModel.Load(Model(), new EngineSettings { Device = "cpu", GpuBatchSize = 4 }, options, new OutputOptions
        {
            Schema = Path.Combine(Repository.Root, "pipelines/demo/record.schema.json"),
            Reasoning = true,
        });
        var prompt = model.Encode(new Prompt("Text: Order for Ada Lovelace from Turin over 12.50 EUR.\nJSON:", []));
        var generated = await model.GenerateAsync([.. prompt, Begin], returnLogits: false, default);
        Assert.Null(generated.Incomplete);
        Assert.Equal(["name", "city", "amount"], JsonElement.Parse(generated.Text!).EnumerateObject().Select(p => p.Name));
        Assert.NotEmpty(generated.Reasoning!);
        Assert.Single(generated.TokenIds, End);
        Assert.Null((await model.GenerateAsync(prompt, returnLogits: false, default)).Reasoning);
        // What a record's text has of it begins nothing.
        Assert.Null((await model.GenerateAsync([.. prompt[..3], Begin, .. prompt[3..]], returnLogits: false, default)).Reasoning);
    }

    [Fact]
    public void Given_a_model_without_such_tokens_then_it_is_refused_by_name() => Assert.StartsWith(
        "output.reasoning needs tokens that begin and end it, and this model's tokenizer has none of those known (<think>...</think>, ",
        Assert.Throws<UsageException>(() => LanguageModel.Load(
            ModelWorkspace.DemoModel, new EngineSettings { Device = "cpu", GpuBatchSize = 1 }, new(), new OutputOptions { Reasoning = true })).Message, StringComparison.Ordinal);

    /// <summary>The demo's model, of which the last two tokens are those around reasoning.</summary>
    private string Model()
    {
        var folder = workspace.Copy(ModelWorkspace.DemoModel);
        var vocabulary = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "vocab.json")))!.AsObject();
        foreach (var (id, text) in new[] { (Begin, "<think>"), (End, "</think>") })
        {
            vocabulary.Remove(vocabulary.Single(token => (int)token.Value! == id).Key);
            vocabulary.Add(text, id);
        }

        File.WriteAllText(Path.Combine(folder, "vocab.json"), vocabulary.ToJsonString());
        File.WriteAllLines(Path.Combine(folder, "merges.txt"), File.ReadAllLines(Path.Combine(folder, "merges.txt")).Where(line => line.Length > 0).SkipLast(2));
        return folder;
    }

    /// <summary>Allows one token, once.</summary>
    private sealed class Only(int token) : ITokenRule
    {
        public bool IsOver { get; private set; }

        public void Fill(Span<uint> mask, int remaining)
        {
            mask.Clear();
            mask[token / 32] = 1u << (token % 32);
        }

        public bool Take(int taken) => IsOver = taken == token;
    }
}
