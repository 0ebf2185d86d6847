using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Engine.Tests.Models;
using FlexGen.Engine.Tests.Support;
using TorchSharp;

namespace FlexGen.Engine.Tests;

public class OffloadEngineTests
{
    private static readonly EngineOptions small = new() { Device = "cpu", DataType = "float32", GpuBatchSize = 4, GpuBatchCount = 2 };

    public static TheoryData<string> Models => [.. Reference.Cases.Where(c => Directory.Exists(Reference.File(c)))];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Logits_and_greedy_tokens_equal_those_of_transformers(string model)
    {
        using var engine = OffloadEngine.Load(Reference.File(model), small);
        var prompts = Reference.Prompts(model);
        var generated = await Task.WhenAll(prompts.Select(p =>
            engine.GenerateAsync(new(p.TokenIds, SamplingOptions.Greedy) { MaxNewTokens = 32, IgnoreEos = true, ReturnLogits = true })));
        for (var n = 0; n < prompts.Count; n++)
        {
            Assert.Equal(0, prompts[n].Logits.Zip(generated[n].Logits!, (e, a) => Math.Abs(e - a)).Max(), 1e-4f);
            Assert.Equal(prompts[n].Greedy, generated[n].TokenIds);
        }
    }

    [Theory]
    [InlineData("llama-gqa-tied")]
    [InlineData("opt-pre-ln")]
    [InlineData("mistral")]
    public async Task Tokens_and_logits_do_not_depend_on_what_shares_the_batch(string model)
    {
        var requests = Reference.Prompts(model).SelectMany((p, n) => new[]
        {
            new GenerationRequest(p.TokenIds, SamplingOptions.Greedy) { MaxNewTokens = 8 + n, ReturnLogits = true, IgnoreEos = true },
            new GenerationRequest(p.TokenIds, new() { Temperature = 1.5, TopP = 0.95, Seed = n }) { MaxNewTokens = 3 + n, ReturnLogits = true, IgnoreEos = true },
        }).ToArray();
        var alone = new List<GeneratedSequence>();
        using (var engine = OffloadEngine.Load(Reference.File(model), small with { GpuBatchSize = 1, GpuBatchCount = 1 }))
        {
            foreach (var request in requests)
            {
                alone.Add(await engine.GenerateAsync(request));
            }
        }

        for (var seed = 0; seed < 3; seed++)
        {
            using var engine = OffloadEngine.Load(Reference.File(model), small with { GpuBatchSize = 3 + seed, GpuBatchCount = 1 + seed });
            var order = Enumerable.Range(0, requests.Length).ToArray();
            new Random(seed).Shuffle(order);
            var shared = order.Select(n => (n, Result: engine.GenerateAsync(requests[n]))).ToList();
            foreach (var (n, result) in shared)
            {
                Assert.Equal(alone[n].TokenIds, (await result).TokenIds);
                Assert.Equal(alone[n].Logits, (await result).Logits);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.2)]
    public async Task Log_probabilities_are_those_of_the_logits_whatever_is_drawn(double temperature)
    {
        using var engine = OffloadEngine.Load(Reference.File("opt-pre-ln"), small);
        var request = new GenerationRequest([5, 6, 7], new() { Temperature = temperature, TopK = 4, RepetitionPenalty = 1.5 }) { MaxNewTokens = 4, IgnoreEos = true };
        var generated = await engine.GenerateAsync(request with { TopLogProbabilities = 3 });
        Assert.Equal((await engine.GenerateAsync(request)).TokenIds, generated.TokenIds);
        var tokens = request.PromptTokens.ToList();
        for (var n = 0; n < generated.TokenIds.Count; n++)
        {
            var logits = (await engine.GenerateAsync(new([.. tokens], SamplingOptions.Greedy) { MaxNewTokens = 1, ReturnLogits = true })).Logits!;
            var all = Math.Log(logits.Sum(logit => Math.Exp(logit)));
            var expected = logits.Index().OrderByDescending(l => l.Item).Take(3).ToList();
            var found = generated.LogProbabilities![n];
            Assert.Equal(expected.Select(l => l.Index), found.Top.Select(t => t.Token));
            Assert.All(expected.Zip(found.Top), pair => Assert.Equal(pair.First.Item - all, pair.Second.LogProbability, 1e-4));
            Assert.Equal(logits[generated.TokenIds[n]] - all, found.Chosen, 1e-4);
            tokens.Add(generated.TokenIds[n]);
        }
    }

    [Fact]
    public async Task A_finished_sequence_leaves_its_slot_at_once()
    {
        using var engine = OffloadEngine.Load(Reference.File("opt-pre-ln"), small with { GpuBatchSize = 8, GpuBatchCount = 1 });
        var lengths = Enumerable.Range(0, 256).Select(n => 1 + (n * 37 % 64)).ToArray();
        await Task.WhenAll(lengths.Select(n => engine.GenerateAsync(new([5, 6, 7], SamplingOptions.Greedy) { MaxNewTokens = n, IgnoreEos = true })));
        var statistics = engine.Statistics;
        var least = lengths.Sum() / 8.0;
        var batchByBatch = lengths.Chunk(8).Sum(c => c.Max());
        Assert.Equal(lengths.Sum(), statistics.GeneratedTokens);
        Assert.InRange(statistics.Sweeps, least, least * 1.1);
        Assert.True(batchByBatch > least * 1.5, "the lengths must be such that batch by batch would take far longer");
    }

    [Theory]
    [InlineData("in place")]
    [InlineData("shorter")]
    [InlineData("renamed")]
    [InlineData("removed")]
    public async Task What_becomes_of_the_files_after_loading_does_not_matter(string change)
    {
        using var folder = new TemporaryFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Opt);
        var request = new GenerationRequest([3, 4, 5], SamplingOptions.Greedy) { MaxNewTokens = 20, IgnoreEos = true };
        using var engine = OffloadEngine.Load(folder.Path, small);
        var before = await engine.GenerateAsync(request);
        FileChange.Make(folder.File("model.safetensors"), change);
        Assert.Equal(before.TokenIds, (await engine.GenerateAsync(request)).TokenIds);
    }

    [Fact]
    public async Task Ends_by_end_of_sequence_stop_rule_and_length()
    {
        using var engine = OffloadEngine.Load(Reference.File("opt-pre-ln"), small);
        var prompt = Reference.Prompts("opt-pre-ln")[3];
        var request = new GenerationRequest(prompt.TokenIds, SamplingOptions.Greedy) { MaxNewTokens = 32, IgnoreEos = true };
        var third = prompt.Greedy[2];
        var stopped = await engine.GenerateAsync(request with { StopAfter = token => token == third });
        Assert.Equal(FinishReason.Stop, stopped.FinishReason);
        Assert.Equal(prompt.Greedy.TakeWhile(t => t != third).Append(third), stopped.TokenIds);
        Assert.Equal(stopped.TokenIds, (await engine.GenerateAsync(request with { StopTokenIds = [third] })).TokenIds);
        var full = await engine.GenerateAsync(request with { MaxNewTokens = 5 });
        Assert.Equal((FinishReason.Length, 5), (full.FinishReason, full.TokenIds.Count));
        var context = engine.Shape.ContextLength;
        var longest = await engine.GenerateAsync(request with { PromptTokens = [.. Enumerable.Repeat(5, context - 3)] });
        Assert.Equal((FinishReason.Length, 3), (longest.FinishReason, longest.TokenIds.Count));
    }

    [Fact]
    public async Task Refuses_what_it_cannot_run_and_runs_the_rest()
    {
        using var engine = OffloadEngine.Load(Reference.File("opt-pre-ln"), small);
        await Refused([], "no tokens");
        await Refused([.. Enumerable.Repeat(5, engine.Shape.ContextLength)], "tokens; a slot has room for");
        await Refused([1, 2, 1_000_000], "1000000 is not in the model's vocabulary");
        var request = new GenerationRequest([5], SamplingOptions.Greedy);
        await RefusedRequest(request with { MaxNewTokens = 0 }, "The most new tokens are 0; give 1 or more.");
        await RefusedRequest(request with { StopTokenIds = [1, engine.Shape.VocabularySize] }, "is not in the model's vocabulary");
        await RefusedRequest(request with { StopTokenIds = [-1] }, "The stop token id -1 is not in the model's vocabulary");
        await RefusedRequest(request with { Sampling = new() { Temperature = -0.5 } }, "The temperature is -0.5; give 0 or more.");
        await RefusedRequest(request with { Sampling = new() { Temperature = double.NaN } }, "The temperature is NaN; give 0 or more.");
        await RefusedRequest(request with { Sampling = new() { TopP = 0 } }, "The top-p is 0; give more than 0 and at most 1.");
        await RefusedRequest(request with { Sampling = new() { TopP = double.NaN } }, "The top-p is NaN; give more than 0 and at most 1.");
        await RefusedRequest(request with { Sampling = new() { TopK = -1 } }, "The top-k is -1; give 1 or more, or 0 for all.");
        await RefusedRequest(request with { Sampling = new() { RepetitionPenalty = 0 } }, "The repetition penalty is 0; give more than 0.");
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.GenerateAsync(new([5], SamplingOptions.Greedy), cancelled.Token));
        Assert.Single((await engine.GenerateAsync(new([5], SamplingOptions.Greedy) { MaxNewTokens = 1 })).TokenIds);

        Task Refused(int[] prompt, string why) => RefusedRequest(new(prompt, SamplingOptions.Greedy), why);

        async Task RefusedRequest(GenerationRequest refused, string why) => Assert.Contains(
            why, (await Assert.ThrowsAsync<RequestException>(() => engine.GenerateAsync(refused))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(150)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void A_share_of_attention_that_is_none_is_refused(double share) => Assert.Contains(
        $"is {share} per cent; give 0 to 100", Assert.Throws<EngineException>(() => small with { AttentionOnHost = share }).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_request_that_fails_for_its_own_reason_ends_alone_and_leaves_its_slot_clean()
    {
        const int broken = 7;
        using var folder = new TemporaryFolder();
        WriteBroken(folder, broken);
        using var engine = OffloadEngine.Load(folder.Path, small with { GpuBatchSize = 2, GpuBatchCount = 1 });
        var good = new GenerationRequest([3, 4, 5], SamplingOptions.Greedy) { MaxNewTokens = 6, IgnoreEos = true };
        var alone = (await engine.GenerateAsync(good)).TokenIds;
        for (var n = 0; n < 3; n++)
        {
            var beside = engine.GenerateAsync(good);
            await Fails(good with { PromptTokens = [3, broken, 5] }, "Its logits are not numbers, computed in Float32.");
            await Fails(good with { PromptTokens = [3, broken], Sampling = new() { Temperature = 0.8, TopK = 5, TopP = 0.9 }, ReturnLogits = true }, "Its logits are not numbers");
            await Fails(good with { StopAfter = _ => throw new InvalidDataException("half a letter") }, "Its stop rule failed: half a letter");
            Assert.Equal(alone, (await beside).TokenIds);
            Assert.Equal(alone, (await engine.GenerateAsync(good)).TokenIds);
        }

        async Task Fails(GenerationRequest request, string why) => Assert.StartsWith(
            why, (await Assert.ThrowsAsync<RequestException>(() => engine.GenerateAsync(request))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_overflow_in_float16_names_the_types_that_do_not() => Assert.Contains(
        "overflowed in Float16. It may have room in bfloat16 or float32.", RequestException.LogitsNotFinite(torch.ScalarType.Float16).Message, StringComparison.Ordinal);

    [Fact]
    public async Task What_waits_can_be_cancelled_at_once_and_disposing_cancels_the_rest()
    {
        var engine = OffloadEngine.Load(Reference.File("opt-pre-ln"), small with { GpuBatchSize = 1, GpuBatchCount = 1 });
        using var busy = new SemaphoreSlim(0);
        var begun = new TaskCompletionSource();
        var request = new GenerationRequest([5, 6, 7], SamplingOptions.Greedy) { MaxNewTokens = 100, IgnoreEos = true };
        var running = engine.GenerateAsync(request with { StopAfter = _ => begun.TrySetResult() && !busy.Wait(TimeSpan.FromMinutes(1)) });
        await begun.Task;
        using var cancellation = new CancellationTokenSource();
        var cancelled = engine.GenerateAsync(request, cancellation.Token);
        var waiting = Enumerable.Range(0, 60).Select(_ => engine.GenerateAsync(request)).ToList();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.False(running.IsCompleted);
        var disposing = Task.Run(engine.Dispose);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () =>
        {
            while (true)
            {
                waiting.Add(engine.GenerateAsync(request));
                await Task.Delay(1);
            }
        });
        busy.Release();
        await disposing;
        foreach (var sequence in waiting.Append(running))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sequence);
        }

        Assert.Equal(1, engine.Statistics.Sweeps);
        engine.Dispose();
    }

    [Fact]
    public void A_budget_that_is_too_small_is_refused_by_name()
    {
        var refusal = Assert.Throws<EngineException>(() => OffloadEngine.Load(Reference.File("opt-pre-ln"), small with { HostMemory = 10_000 }));
        Assert.Contains("host memory", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>A model that makes NaN of what follows one token.</summary>
    private static void WriteBroken(TemporaryFolder folder, int token)
    {
        using var scope = torch.NewDisposeScope();
        var config = RandomCheckpoint.Opt.Replace("\"eos_token_id\"", "\"tie_word_embeddings\": false, \"eos_token_id\"", StringComparison.Ordinal);
        var tensors = RandomCheckpoint.Tensors(config);
        tensors.Single(t => t.Key.EndsWith("embed_tokens.weight", StringComparison.Ordinal)).Value[token].fill_(float.NaN);
        File.WriteAllText(folder.File("config.json"), config);
        SafetensorsWriter.Write(folder.File("model.safetensors"), tensors);
    }
}
