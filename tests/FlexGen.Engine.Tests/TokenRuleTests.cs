using FlexGen.Engine.Batch;
using FlexGen.Engine.Tests.Support;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests;

public class TokenRuleTests
{
    private const string Model = "llama-gqa-tied";
    private static readonly EngineOptions small = new() { Device = "cpu", DataType = "float32", GpuBatchSize = 4, GpuBatchCount = 2 };
    private static readonly GenerationRequest greedy = new([5, 6, 7], SamplingOptions.Greedy) { MaxNewTokens = 12 };
    private static readonly GenerationRequest warm = greedy with { Sampling = new() { Temperature = 1.5, TopK = 20, TopP = 0.9, RepetitionPenalty = 1.3, Seed = 3 } };

    public static TheoryData<string> Devices => ["cpu", "cuda:0"];

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task Every_token_is_the_likeliest_of_those_that_the_rule_allows(string device)
    {
        using var engine = Load(device);
        var vocabulary = engine.Shape.VocabularySize;
        var rules = Enumerable.Range(0, 6).Select(n => new EveryNth(n + 2, vocabulary)).ToArray();
        var generated = await Task.WhenAll(rules.Select(rule => engine.GenerateAsync(greedy with { Rule = rule })));
        for (var n = 0; n < rules.Length; n++)
        {
            Assert.All(generated[n].TokenIds, token => Assert.Equal(0, token % (n + 2)));
            Assert.Equal(Enumerable.Range(0, 12).Select(k => 12 - k), rules[n].Asked);
            // The same by the logits, one token at a time.
            var tokens = new List<int>(greedy.PromptTokens);
            foreach (var token in generated[n].TokenIds)
            {
                var logits = (await engine.GenerateAsync(greedy with { PromptTokens = [.. tokens], MaxNewTokens = 1, ReturnLogits = true })).Logits!;
                Assert.Equal(Enumerable.Range(0, vocabulary).Where(id => id % (n + 2) == 0).MaxBy(id => logits[id]), token);
                tokens.Add(token);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task A_rule_that_allows_all_changes_nothing_and_what_shares_the_batch_neither(string device)
    {
        using var engine = Load(device);
        foreach (var request in new[] { greedy, warm })
        {
            var free = (await engine.GenerateAsync(request)).TokenIds;
            var ruled = request with { Rule = new EveryNth(3, engine.Shape.VocabularySize) };
            var alone = (await engine.GenerateAsync(ruled with { Rule = new EveryNth(3, engine.Shape.VocabularySize) })).TokenIds;
            var beside = Enumerable.Range(0, 5).Select(n => engine.GenerateAsync(greedy with { PromptTokens = [n + 1, 9], Rule = n < 2 ? null : new EveryNth(n, 90) }));
            var together = await Task.WhenAll(
            [
                engine.GenerateAsync(request with { Rule = new EveryNth(1, engine.Shape.VocabularySize) }), engine.GenerateAsync(request), engine.GenerateAsync(ruled),
                .. beside,
            ]);
            Assert.Equal(free, together[0].TokenIds);
            Assert.Equal(free, together[1].TokenIds);
            Assert.Equal(alone, together[2].TokenIds);
            Assert.All(alone, token => Assert.Equal(0, token % 3));
        }
    }

    [Fact]
    public async Task Many_rules_at_once_are_asked_and_stepped_as_one_by_itself_is()
    {
        using var engine = OffloadEngine.Load(Reference.File(Model), small with { GpuBatchSize = 20, GpuBatchCount = 1 });
        var requests = Enumerable.Range(0, 24).Select(n => greedy with { PromptTokens = [n + 1, 9], MaxNewTokens = 6 + (n % 5) }).ToArray();
        var together = await Task.WhenAll(requests.Select((request, n) => engine.GenerateAsync(request with { Rule = Rule(n) })));
        for (var n = 0; n < requests.Length; n++)
        {
            Assert.Equal((await engine.GenerateAsync(requests[n] with { Rule = Rule(n) })).TokenIds, together[n].TokenIds);
        }

        ITokenRule Rule(int n) => n % 7 == 6 ? new Spelling([3, n, 3, 64]) : new EveryNth(2 + (n % 4), engine.Shape.VocabularySize);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task A_rule_forces_tokens_and_ends_its_sequence(string device)
    {
        using var engine = Load(device);
        foreach (var request in new[] { greedy, warm, greedy with { ReturnLogits = true } })
        {
            var generated = await engine.GenerateAsync(request with { Rule = new Spelling([3, 90, 3, 64]) });
            Assert.Equal([3, 90, 3, 64], generated.TokenIds);
            Assert.Equal(FinishReason.Stop, generated.FinishReason);
            Assert.Equal(request.ReturnLogits, generated.Logits is not null);
            Assert.DoesNotContain(float.NegativeInfinity, generated.Logits ?? []);
            var cut = await engine.GenerateAsync(request with { Rule = new Spelling([3, 90, 3, 64]), MaxNewTokens = 2 });
            Assert.Equal((FinishReason.Length, 2), (cut.FinishReason, cut.TokenIds.Count));
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task A_rule_that_allows_nothing_or_fails_ends_its_own_sequence(string device)
    {
        using var engine = Load(device);
        var alone = (await engine.GenerateAsync(greedy)).TokenIds;
        foreach (var request in new[] { greedy, warm })
        {
            var beside = engine.GenerateAsync(greedy);
            await Fails(new Spelling([3, -1]), "no_token_allowed", "Its token rule leaves no token of this model's vocabulary that could come next, after 1 generated ones.");
            await Fails(new Failing(inFill: true), "token_rule_failed", "Its token rule failed: a state that is not there");
            await Fails(new Failing(inFill: false), "token_rule_failed", "Its token rule failed: a state that is not there");
            Assert.Equal(alone, (await beside).TokenIds);

            async Task Fails(ITokenRule rule, string reason, string message)
            {
                var failure = await Assert.ThrowsAsync<RequestException>(() => engine.GenerateAsync(request with { Rule = rule }));
                Assert.Equal((reason, message), (failure.Reason, failure.Message));
            }
        }

        var refused = await Assert.ThrowsAsync<RequestException>(() => engine.GenerateAsync(greedy with { Rule = new Spelling([3]), IgnoreEos = true }));
        Assert.Contains("goes on past end-of-sequence tokens, with which its token rule ends it", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_impossible_tokens_none_is_taken_and_odd_vocabularies_have_a_last_word()
    {
        const int vocabulary = 70;
        using var masks = new TokenMasks(3, vocabulary, 100, pinned: false);
        (int Slot, Sequence Sequence)[] rows = [.. new[] { 2, 0, 1 }.Select(slot => (slot, new Sequence(
            (slot == 1 ? warm : greedy) with { Rule = new EveryNth(23, vocabulary) }, default)))];
        foreach (var (slot, sequence) in rows)
        {
            masks.Begin(slot, sequence);
        }

        using var logits = arange(3 * vocabulary, dtype: ScalarType.Float32).view(3, vocabulary);
        Assert.Equal([69, 69], Choose(logits.clone(), rows, masks)[..2]);
        using var impossible = logits.clone();
        impossible.index_fill_(1, tensor(new long[] { 0, 23, 46, 69 }), float.NegativeInfinity);
        Assert.Equal([NextTokens.NothingAllowed, NextTokens.NothingAllowed, NextTokens.NothingAllowed], Choose(impossible.clone(), rows, masks));
    }

    private static int[] Choose(Tensor logits, IReadOnlyList<(int, Sequence)> rows, TokenMasks masks)
    {
        using var next = new NextTokens(logits, rows, kernel: null);
        return next.Choose(masks);
    }

    private static OffloadEngine Load(string device)
    {
        Assert.SkipUnless(device == "cpu" || cuda.is_available(), "no GPU");
        return OffloadEngine.Load(Reference.File(Model), small with { Device = device });
    }
}
