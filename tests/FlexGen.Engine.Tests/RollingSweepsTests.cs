using System.Threading.Channels;
using FlexGen.Engine.Batch;
using FlexGen.Engine.Tests.Support;
using FlexGen.Engine.Tracing;

namespace FlexGen.Engine.Tests;

/// <summary>Sweeps of several devices that overlap.</summary>
[Collection(nameof(Alone))]
public class RollingSweepsTests
{
    private const string ThreeLayers = "qwen2-sliding", Tied = "opt-pre-ln";
    private static readonly EngineOptions two = new()
    {
        Device = "cpu,cpu",
        DataType = "float32",
        GpuBatchSize = 2,
        GpuBatchCount = 3,
        MaxSequenceLength = 64,
    };

    [Theory]
    [InlineData(ThreeLayers, "cpu,cpu", 1)]
    [InlineData(ThreeLayers, "cpu,cpu", 3)]
    [InlineData(ThreeLayers, "cpu,cpu,cpu", 4)]
    [InlineData(Tied, "cpu,cpu", 2)]
    public async Task Sweeps_that_overlap_generate_what_sweeps_after_one_another_do(string model, string devices, int count)
    {
        var options = two with { Device = devices, GpuBatchCount = count };
        using (var loaded = LoadedModel.Load(Reference.File(model), options))
        {
            Assert.Equal(count > 1, loaded.Rolls);
        }

        var expected = await GenerateAsync(model, options with { Device = "cpu" });
        Assert.Equal(expected, await GenerateAsync(model, options));
        Assert.Equal(expected, await GenerateAsync(model, options with { StaticBatches = true }));
        Assert.Equal(expected, await GenerateAsync(model, options with { Overlap = false }));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Sweeps_of_two_GPUs_that_overlap_generate_what_one_does(bool recorded, bool peerAccess)
    {
        Assert.SkipUnless(TorchSharp.torch.cuda.device_count() > 1, "no two GPUs");
        foreach (var model in new[] { ThreeLayers, Tied })
        {
            var options = two with { Device = "cuda:0,cuda:1", GpuBatchCount = 4, RecordsDecode = recorded, PeerAccess = peerAccess };
            var (expected, actual) = (await GenerateAsync(model, options with { Device = "cuda:0" }), await GenerateAsync(model, options));
            Assert.Equal(expected.Select(Tokens), actual.Select(Tokens));
        }

        static string Tokens(string generated) => generated.Split('|')[0];
    }

    [Fact]
    public async Task Every_token_is_counted_in_the_sweep_that_it_came_of_and_an_idle_engine_counts_none()
    {
        using var trace = new Trace();
        using var engine = OffloadEngine.Load(Reference.File(ThreeLayers), two with { Trace = trace });
        for (var round = 1; round <= 3; round++)
        {
            var requests = Enumerable.Range(0, 6).Select(n => new GenerationRequest([5, 6, 7 + n], SamplingOptions.Greedy) { MaxNewTokens = 4, IgnoreEos = true });
            await engine.GenerateAllAsync([.. requests]);
            Assert.Equal((4L * round, 18L * round, 24L * round), (engine.Statistics.Sweeps, engine.Statistics.PromptTokens, engine.Statistics.GeneratedTokens));
        }

        Assert.True(engine.Statistics.InPrefill > TimeSpan.Zero && engine.Statistics.InDecode > TimeSpan.Zero);
    }

    [Fact]
    public async Task A_sequence_that_fails_or_is_cancelled_ends_alone()
    {
        using var cancellation = new CancellationTokenSource();
        using var engine = OffloadEngine.Load(Reference.File(ThreeLayers), two);
        var long_ = new GenerationRequest([5, 6, 7], SamplingOptions.Greedy) { MaxNewTokens = 40, IgnoreEos = true };
        var (taken, others) = (0, Enumerable.Range(0, 9).Select(_ => engine.GenerateAsync(long_)).ToArray());
        var failing = engine.GenerateAsync(long_ with { StopAfter = _ => throw new InvalidOperationException("no stop") });
        var cancelled = engine.GenerateAsync(
            long_ with { StopAfter = _ => ++taken == 3 && Cancel() }, cancellation.Token);
        Assert.Contains("no stop", (await Assert.ThrowsAsync<RequestException>(() => failing)).Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.All(await Task.WhenAll(others), o => Assert.Equal(40, o.TokenIds.Count));

        bool Cancel()
        {
            cancellation.Cancel();
            return false;
        }
    }

    [Fact]
    public async Task What_runs_is_cancelled_with_the_engine()
    {
        var engine = OffloadEngine.Load(Reference.File(ThreeLayers), two);
        var running = engine.GenerateAsync(new([5, 6, 7], SamplingOptions.Greedy) { MaxNewTokens = 60, IgnoreEos = true, StopAfter = _ => Slowly() });
        var waiting = Enumerable.Range(0, 9).Select(_ => engine.GenerateAsync(new([5], SamplingOptions.Greedy) { MaxNewTokens = 60, IgnoreEos = true })).ToList();
        await Task.Delay(50);
        engine.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.All(waiting, w => Assert.True(w.IsCompleted));

        static bool Slowly()
        {
            Thread.Sleep(20);
            return false;
        }
    }

    [Theory]
    [InlineData(6, new[] { 2, 2, 2 })]
    [InlineData(4, new[] { 2, 1, 1 })]
    [InlineData(1, new[] { 1, 0, 0 })]
    [InlineData(20, new[] { 5, 5, 5 })]
    public void A_micro_batch_takes_its_share_of_what_waits(int sequences, int[] expected)
    {
        var (queue, all) = (Channel.CreateUnbounded<Sequence>(), Enumerable.Range(0, 3).Select(_ => new MicroBatch(5, new(5, 70, 64, false))).ToList());
        var admission = new Admission(all, queue.Reader, new());
        for (var n = 0; n < sequences; n++)
        {
            queue.Writer.TryWrite(new(new([1, 2], SamplingOptions.Greedy), default));
        }

        Enumerable.Range(0, 3).ToList().ForEach(admission.Fill);
        Assert.Equal(expected, all.Select(m => m.Running));
        all.ForEach(m => m.Dispose());
    }

    private static async Task<string[]> GenerateAsync(string model, EngineOptions options)
    {
        using var engine = OffloadEngine.Load(Reference.File(model), options);
        var prompts = Reference.Prompts(model).Where(p => p.TokenIds.Length < 40).Select(p => p.TokenIds).ToList();
        var generated = await engine.GenerateAllAsync([.. Enumerable.Range(0, 17).Select(n => new GenerationRequest(
            prompts[n % prompts.Count], n % 3 == 1 ? new() { Temperature = 1.5, Seed = n } : SamplingOptions.Greedy)
        {
            MaxNewTokens = 3 + (n % 4 * 5),
            IgnoreEos = n % 7 != 3,
            ReturnLogits = n % 5 == 0,
            Rule = n % 7 == 3 ? new Even() : null,
        })]);
        return [.. generated.Select(g => $"{string.Join(' ', g.TokenIds)} | {string.Join(' ', g.Logits ?? [])}")];
    }

    /// <summary>Allows every other token.</summary>
    private sealed class Even : ITokenRule
    {
        public bool IsOver => false;

        public void Fill(Span<uint> mask, int left) => mask.Fill(0x55555555);

        public bool Take(int token) => token % 2 == 0;
    }
}
