using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using LLama;
using LLama.Batched;
using LLama.Common;
using LLama.Native;

namespace FlexGen.Comparison.Engines;

/// <summary>llama.cpp through LLamaSharp's batched executor: all sequences of a run in one batch, the likeliest token of each taken.</summary>
internal static class BatchedLlama
{
    public const string Name = "LLamaSharp 0.30";

    public static async Task<Measured> RunAsync(RunRequest request)
    {
        NativeLibraryConfig.All.WithLogCallback((_, _) => { });
        var start = Stopwatch.GetTimestamp();
        // A context of its own for each sequence is what the library recommends where they share no prefix.
        var parameters = new ModelParams(request.Model)
        {
            ContextSize = (uint)(request.Prompts * (request.SequenceLength + RunRequest.WarmUpTokens)),
            SeqMax = (uint)request.Prompts,
            KVUnified = false,
            BatchSize = (uint)Math.Max(512, request.Prompts * request.PromptLength),
            UBatchSize = 512,
            Threads = Environment.ProcessorCount,
            BatchThreads = Environment.ProcessorCount,
            GpuLayerCount = 0,
        };
        using var weights = await LLamaWeights.LoadFromFileAsync(parameters);
        using (var warmUp = new BatchedExecutor(weights, parameters))
        {
            await GenerateAsync(warmUp, request.WarmUpPrompts(), RunRequest.WarmUpTokens, () => { });
        }

        using var executor = new BatchedExecutor(weights, parameters);
        var (loaded, prefilled) = (Stopwatch.GetElapsedTime(start), default(TimeSpan));
        start = Stopwatch.GetTimestamp();
        var tokens = await GenerateAsync(executor, request.PromptTokens(), request.NewTokens, () => prefilled = Stopwatch.GetElapsedTime(start));
        return new(tokens, loaded.TotalSeconds, prefilled.TotalSeconds, Stopwatch.GetElapsedTime(start).TotalSeconds, Description());
    }

    /// <summary>What llama.cpp was built with.</summary>
    private static string Description() => Marshal.PtrToStringUTF8(NativeApi.llama_print_system_info()) ?? "";

    private static async Task<int[][]> GenerateAsync(BatchedExecutor executor, int[][] prompts, int count, Action prefilled)
    {
        var conversations = Array.ConvertAll(prompts, _ => executor.Create());
        var tokens = Array.ConvertAll(prompts, _ => new int[count]);
        for (var p = 0; p < prompts.Length; p++)
        {
            conversations[p].Prompt(Array.ConvertAll(prompts[p], token => (LLamaToken)token));
        }

        for (var n = 0; n < count; n++)
        {
            while (executor.BatchedTokenCount > 0)
            {
                var result = await executor.Infer();
                if (result != DecodeResult.Ok)
                {
                    throw new InvalidOperationException($"llama.cpp says {result}");
                }
            }

            for (var p = 0; p < prompts.Length; p++)
            {
                tokens[p][n] = TensorPrimitives.IndexOfMax<float>(conversations[p].Sample());
                if (n + 1 < count)
                {
                    conversations[p].Prompt((LLamaToken)tokens[p][n]);
                }
            }

            if (n == 0)
            {
                prefilled();
            }
        }

        Array.ForEach(conversations, c => c.Dispose());
        return tokens;
    }
}
