using System.Diagnostics;
using FlexGen.Engine;
using FlexGen.Planning;

namespace FlexGen.Comparison.Engines;

/// <summary>This project's engine.</summary>
internal static class OwnEngine
{
    public const string Name = "FlexGen.Dataflow";
    private const int PercentStep = 5;

    public static async Task<Measured> RunAsync(RunRequest request)
    {
        var start = Stopwatch.GetTimestamp();
        using var engine = Load(request);
        await GenerateAsync(request.WarmUpPrompts(), RunRequest.WarmUpTokens);
        var (loaded, before) = (Stopwatch.GetElapsedTime(start), engine.Statistics);
        start = Stopwatch.GetTimestamp();
        var tokens = await GenerateAsync(request.PromptTokens(), request.NewTokens);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var detail = $"{engine.Description}, weights {engine.Policy.Weights}";
        return new(tokens, loaded.TotalSeconds, (engine.Statistics - before).InPrefill.TotalSeconds, seconds, detail);

        async Task<int[][]> GenerateAsync(int[][] prompts, int count) =>
        [
            .. (await engine.GenerateAllAsync([.. prompts.Select(p => new GenerationRequest(p, SamplingOptions.Greedy) { MaxNewTokens = count, IgnoreEos = true })]))
                .Select(g => g.TokenIds.ToArray()),
        ];
    }

    /// <summary>With as large a share of the weights in memory as the budget takes, the rest on disk.</summary>
    private static OffloadEngine Load(RunRequest request)
    {
        for (var resident = 100; ; resident -= PercentStep)
        {
            try
            {
                return OffloadEngine.Load(request.Model, new EngineOptions
                {
                    Device = "cpu",
                    DataType = request.DataType,
                    GpuBatchSize = request.Prompts,
                    MaxSequenceLength = request.SequenceLength,
                    HostMemory = request.Memory,
                    DiskDirectory = Path.GetDirectoryName(request.Model)!,
                    Weights = new Placement(resident, 0),
                    CompressWeights = request.CompressWeights ? Compression.Int4 : Compression.None,
                    CompressCache = request.CompressCache ? Compression.Int4 : Compression.None,
                });
            }
            catch (EngineException) when (request.Memory is not null && resident > 0)
            {
            }
        }
    }
}
