using System.Text.Json;
using FlexGen.Constraints;
using FlexGen.Dataflow;
using FlexGen.Dataflow.Checks;
using FlexGen.Tokenizers.Loading;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Generation;
using FlexGen.Worker.Reporting;
using FlexGen.Worker.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace FlexGen.Worker.Tests.Generation;

public sealed class ConstrainedTests : IDisposable
{
    private const string Text = "Order for Ada Lovelace from Turin over 12.50 EUR.";
    private static readonly string demoSchema = Path.Combine(Repository.Root, "pipelines/demo/record.schema.json");
    private readonly ModelWorkspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Fact]
    public async Task Given_a_schema_when_generated_then_a_good_answer_is_as_without_and_ends_by_itself()
    {
        using var free = Load(new() { MaxNewTokens = 64 });
        using var constrained = Load(new() { MaxNewTokens = 64 }, new() { Schema = demoSchema });
        var (expected, found) = (await GenerateAsync(free), await GenerateAsync(constrained));
        Assert.Equal(""" {"name": "Ada Lovelace", "city": "Turin", "amount": 12.50}""", expected.Text);
        Assert.Equal((expected.Text, null, "stop"), (found.Text, found.Incomplete, found.FinishReasonName));
        // The end needs no token.
        Assert.Equal(expected.TokenIds.SkipLast(1), found.TokenIds);
    }

    [Fact]
    public async Task Given_a_schema_of_other_keys_when_drawn_hot_then_all_outputs_keep_to_it()
    {
        workspace.Write("other.json", """
            {
              "type": "object", "additionalProperties": false, "required": ["id", "tags", "kind"],
              "properties": {
                "id": { "type": "integer", "minimum": 10, "maximum": 99 }, "kind": { "enum": ["new", "old", 3, null] }, "on": { "type": "string", "format": "date" },
                "tags": { "type": "array", "items": { "type": "string", "pattern": "^[a-z]{1,4}$" }, "minItems": 1, "maxItems": 3 }, "deep": { "$ref": "#/$defs/node" }
              },
              "$defs": { "node": { "type": "object", "properties": { "next": { "$ref": "#/$defs/node" } }, "additionalProperties": false } }
            }
            """);
        using var model = Load(new() { MaxNewTokens = 80, Temperature = 1.5, Seed = 4 }, new() { Schema = workspace.At("other.json") });
        var check = await OutputSchema.ReadAsync(workspace.At("other.json"), TimeProvider.System, default);
        var outputs = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => GenerateAsync(model, $"{Text}{n}")));
        Assert.All(outputs, output =>
        {
            Assert.Null(output.Incomplete);
            check.Check(output.Text!);
        });
        Assert.True(outputs.DistinctBy(output => output.Text).Count() > 20, "draws are of many kinds");
    }

    [Fact]
    public async Task Given_a_budget_that_is_just_enough_when_generated_then_the_output_is_closed_in_time_unless_that_is_off()
    {
        using var model = Load(new() { MaxNewTokens = 20 }, new() { Schema = demoSchema });
        var closed = await GenerateAsync(model);
        Assert.Null(closed.Incomplete);
        Assert.InRange(closed.TokenIds.Count, 10, 20);
        Assert.Equal(["name", "city", "amount"], JsonElement.Parse(closed.Text!).EnumerateObject().Select(p => p.Name));
        using var open = Load(new() { MaxNewTokens = 20 }, new() { Schema = demoSchema, CloseInTime = false });
        var cut = await GenerateAsync(open);
        Assert.Equal("the output is not whole after 20 tokens, which are all that generation.maxNewTokens allows: raise it, or ask for less.", cut.Incomplete);
        Assert.Equal(("length", 20), (cut.FinishReasonName, cut.TokenIds.Count));
        Assert.StartsWith(""" {"name": "Ada Lovelace""", cut.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_a_budget_or_a_slot_that_no_document_fits_in_when_asked_for_one_then_it_is_refused_with_both_numbers()
    {
        var error = Assert.Throws<UsageException>(() => Load(new() { MaxNewTokens = 5 }, new() { Choices = ["Ada Lovelace of Turin"] }).Dispose());
        Assert.StartsWith("generation.maxNewTokens is 5, and the shortest output that is allowed takes ", error.Message, StringComparison.Ordinal);
        Load(new() { MaxNewTokens = 1 }, new() { Choices = ["Ada Lovelace of Turin", "0"] }).Dispose();
        Load(new() { MaxNewTokens = 5 }, new() { Choices = ["Ada Lovelace of Turin"], CloseInTime = false }).Dispose();
        var prompt = string.Concat(Enumerable.Repeat(Text, 3));
        using var model = Load(new() { MaxNewTokens = 60 }, new() { Choices = [string.Concat(Enumerable.Repeat("Ada ", 15))] }, slot: 128);
        var refused = await Assert.ThrowsAsync<RecordException>(() => GenerateAsync(model, prompt));
        Assert.Equal("output_incomplete", refused.Reason);
        Assert.Matches("^the shortest output that is allowed takes [0-9]+ tokens, and a slot of 128 has room for [0-9]+ after a prompt of [0-9]+: raise", refused.Message);
        Assert.Null((await GenerateAsync(model, "Ada")).Incomplete);
    }

    [Fact]
    public async Task Given_choices_or_an_expression_when_drawn_hot_then_outputs_are_of_them()
    {
        string[] choices = ["yes", "no", "not at all", " maybe"];
        using (var model = Load(new() { MaxNewTokens = 20, Temperature = 2 }, new() { Choices = choices }))
        {
            var outputs = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => GenerateAsync(model, $"{n}")));
            Assert.All(outputs, output => Assert.Contains(output.Text, choices));
            Assert.All(outputs, output => Assert.Null(output.Incomplete));
        }

        using (var model = Load(new() { MaxNewTokens = 20, Temperature = 2 }, new() { Regex = @"[A-C]{2,3}-\d{4}(é|€)" }))
        {
            var outputs = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => GenerateAsync(model, $"{n}")));
            Assert.All(outputs, output => Assert.Matches("^[A-C]{2,3}-[0-9]{4}(é|€)$", output.Text));
        }
    }

    [Theory]
    [InlineData("yes", null)]
    [InlineData(" maybe", null)]
    [InlineData(null, "[0-9^]{3}[A-Z]+")]
    [InlineData(null, "^ab+$")]
    [InlineData(null, "^a$|^b$")]
    public void Given_a_tokenizer_whose_texts_hide_their_first_space_when_drawn_then_what_is_shown_is_what_was_asked_for(string? choice, string? regex)
    {
        var tokenizer = TokenizerLoader.Load(Path.Combine(Repository.Root, "tests/FlexGen.Tokenizers.Tests/reference/llama2"));
        var decoder = tokenizer.CreateDecoder();
        Assert.True(decoder.HidesFirstSpace);
        const int end = 2;
        var tokens = new TokenBytes([.. Enumerable.Range(0, tokenizer.VocabularySize).Select(decoder.BytesOf)], [end]);
        var constraint = OutputConstraint.Of(new OutputOptions { Choices = choice is null ? [] : [choice], Regex = regex }, tokens, decoder.HidesFirstSpace)!;
        var mask = new uint[(tokens.Size + 31) / 32];
        var random = new Random(1);
        for (var draw = 0; draw < 20; draw++)
        {
            var (rule, ids) = (constraint.Begin(), new List<int>());
            while (!rule.MayEnd)
            {
                rule.Fill(mask, 12 - ids.Count);
                int[] allowed = [.. Enumerable.Range(0, tokens.Size).Where(id => (mask[id / 32] & (1u << (id % 32))) != 0)];
                ids.Add(allowed[random.Next(allowed.Length)]);
                Assert.True(rule.Take(ids[^1]));
            }

            Assert.Matches(choice is null ? $"^(?:{regex})$" : $"^{choice}$", tokenizer.Decode(ids));
        }
    }

    [Fact]
    public async Task Given_a_stop_text_within_the_document_when_it_comes_then_the_output_is_incomplete()
    {
        using var model = Load(new() { MaxNewTokens = 64, Stop = ["Love"] }, new() { Schema = demoSchema });
        var output = await GenerateAsync(model);
        Assert.StartsWith("the output was cut after ", output.Incomplete, StringComparison.Ordinal);
        Assert.Equal(""" {"name": "Ada """, output.Text);
        using var unused = Load(new() { MaxNewTokens = 64, Stop = ["\n", "END"] }, new() { Schema = demoSchema });
        Assert.Null((await GenerateAsync(unused)).Incomplete);
    }

    [Theory]
    [InlineData("false", "output.schema (", "; or write output.constrain: false, to have outputs checked when they are there.")]
    [InlineData("{", "output.schema: cannot read ", " as JSON: ")]
    public void Given_a_schema_that_cannot_be_compiled_then_it_is_refused_at_the_start_with_the_way_out(string schema, params string[] expected)
    {
        workspace.Write("bad.json", schema);
        var error = Assert.Throws<UsageException>(() => Load(new(), new() { Schema = workspace.At("bad.json") }));
        Assert.All(expected, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        Load(new(), new() { Schema = workspace.At("bad.json"), Constrain = false }).Dispose();
    }

    [Fact]
    public void Given_an_expression_that_is_none_then_it_is_refused_by_name() => Assert.StartsWith(
        "output.regex (a() cannot be made into a constraint: ", Assert.Throws<UsageException>(() => Load(new(), new() { Regex = "a(" })).Message, StringComparison.Ordinal);

    [Fact]
    public void Given_no_model_then_what_only_a_model_does_is_refused_and_a_schema_is_checked_afterwards()
    {
        (OutputOptions Output, string? Refused)[] cases =
        [
            (new() { Schema = demoSchema }, null), (new() { Schema = demoSchema, Constrain = false }, null), (new() { Schema = demoSchema, Constrain = true }, "constrain"),
            (new() { Schema = demoSchema, CloseInTime = true }, "closeInTime"), (new() { Regex = "a" }, "regex"), (new() { Choices = ["a"] }, "choices"), (new() { Reasoning = true }, "reasoning"),
        ];
        foreach (var (output, refused) in cases)
        {
            var options = new WorkerOptions { Model = new() { Echo = true }, Prompt = { Template = "a" }, Output = output };
            var error = Record.Exception(() => GeneratorFactory.Create(options, TimeProvider.System, new WorkerLog(NullLogger.Instance), [], null));
            Assert.Equal(refused is null ? null : $"output.{refused} needs a model, which chooses tokens, and model.path names none: leave it out, or name a model.", error?.Message);
        }
    }

    private static LanguageModel Load(GenerationOptions options, OutputOptions? output = null, int? slot = null) =>
        LanguageModel.Load(ModelWorkspace.DemoModel, new EngineSettings { Device = "cpu", GpuBatchSize = 8, MaxSequenceLength = slot }, options, output);

    private static Task<GeneratedText> GenerateAsync(LanguageModel model, string text = Text) =>
        model.GenerateAsync(model.Encode(new Prompt($"Text: {text}\nJSON:", [])), returnLogits: false, default);
}
