using FlexGen.Engine.Batch;
using FlexGen.Engine.Tests.Models;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Execution;

public class StepRunnerTests
{
    private const string Name = "llama-gqa-tied";

    [Theory]
    [InlineData(false, "cpu")]
    [InlineData(true, "cpu")]
    [InlineData(false, "cuda:0")]
    [InlineData(true, "cuda:0")]
    [InlineData(false, "cpu,cpu")]
    [InlineData(true, "cpu,cpu")]
    [InlineData(false, "cuda:0,cuda:1")]
    [InlineData(true, "cuda:0,cuda:1")]
    public void The_steps_of_a_sweep_give_the_logits_of_each_sequence_s_last_token(bool overlap, string device)
    {
        Assert.SkipUnless(device.StartsWith("cpu", StringComparison.Ordinal) || cuda.device_count() >= device.Split(',').Length, "no GPU, or too few");
        Placement spread = new(34, 33);
        Check(new() { Device = device, Overlap = overlap, Weights = spread, Cache = spread, Hidden = spread, AttentionOnHost = 50 }, recorded: false);
    }

    [Theory]
    [InlineData("cuda:0")]
    [InlineData("cuda:0,cuda:1")]
    public void A_decoding_sweep_that_was_recorded_gives_them_too(string device)
    {
        Assert.SkipUnless(cuda.device_count() >= device.Split(',').Length, "no GPU, or too few");
        Check(new() { Device = device, Overlap = true }, recorded: true);
    }

    /// <summary>A sweep of prompts, and then sweeps that decode.</summary>
    private static void Check(EngineOptions options, bool recorded)
    {
        using var noGrad = no_grad();
        using var formula = new LoadedCheckpoint(Reference.File(Name));
        options = options with { DataType = "float32", GpuBatchSize = 3, GpuBatchCount = 2, MaxSequenceLength = 64, DiskDirectory = Path.GetTempPath() };
        var model = LoadedModel.Load(Reference.File(Name), options);
        var runner = model.CreateRunner();
        Sequence?[][] slots = [[Sequence(3, 1, 4), null, Sequence(1, 5, 9, 2, 6)], [null, Sequence(5, 3, 5, 8), Sequence(9, 7)]];
        for (var sweep = 0; sweep < 3; sweep++)
        {
            var layouts = slots.Select((s, k) => runner.Begin(k, s)).ToArray();
            Assert.All(new[] { 0, 1 }, k => Assert.Equal(sweep > 0 && recorded && model.Devices.Count == 1, !runner.HasSteps(k)));
            runner.Launch();
            foreach (var step in model.Steps(sweep, [.. new[] { 0, 1 }.Where(runner.HasSteps)]))
            {
                runner.Execute(step);
            }

            for (var k = 0; k < 2; k++)
            {
                using var logits = runner.End(k, layouts[k]);
                using var found = logits.cpu();
                for (var row = 0; row < layouts[k].Sequences.Count; row++)
                {
                    Expect(formula, layouts[k].Sequences[row].Sequence, found, row, $"sweep {sweep}, micro-batch {k}, row {row}");
                }
            }
        }

        runner.DisposeGraphs();
        model.Dispose();
        runner.Dispose();
    }

    private static void Expect(LoadedCheckpoint formula, Sequence sequence, Tensor logits, int row, string where)
    {
        using var scope = NewDisposeScope();
        var expected = formula.Logits([.. sequence.Tokens])[0];
        var apart = expected.Zip(logits[row].data<float>().ToArray(), (e, a) => Math.Abs(e - a)).Max();
        Assert.True(apart < 1e-4, $"{where}: {apart} apart");
        sequence.CachedTokens = sequence.Tokens.Count;
        sequence.Append(11 + row, endsSequence: false, longest: 64);
    }

    private static Sequence Sequence(params int[] tokens) => new(new(tokens, SamplingOptions.Greedy) { MaxNewTokens = 9 }, default);
}
