using System.Text.Json;
using FlexGen.Demo.Data;
using FlexGen.Demo.Evaluation;
using FlexGen.Demo.Network;
using FlexGen.Tokenizers;
using static TorchSharp.torch;

namespace FlexGen.Demo.Training;

/// <summary>Trains the demo's model and keeps the one that did best on unseen records.</summary>
internal sealed class Trainer(TrainingOptions options, DemoModel model, Tokenizer tokenizer, TimeProvider clock, TextWriter log)
{
    private const int EvaluationSeedOffset = 1_000_003;

    private static readonly JsonSerializerOptions json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly List<TrainingPoint> history = [];
    private readonly DemoRecord[] unseen = RecordSet.Make(NameSet.Test, options.Seed + EvaluationSeedOffset, options.EvaluateCount);

    public void Run()
    {
        using var batches = new BatchSource(tokenizer, options.Batch, options.Seed);
        var optimizer = new AdamW(model);
        using var lossSum = zeros(1, device: model.Device);
        var start = clock.GetTimestamp();
        var measured = 0;
        for (var step = 1; ; step++)
        {
            // Whichever of steps and time runs out first ends the training, so the learning rate follows the nearer end.
            var time = clock.GetElapsedTime(start);
            var progress = Math.Max(step / (double)options.Steps, time / options.Limit);
            using (NewDisposeScope())
            {
                var loss = Loss(batches.Next());
                optimizer.Step(loss, LearningRate.At(options.LearningRate, step, progress));
                lossSum.add_(loss.detach());
            }

            var last = progress >= 1;
            if (last || step % options.EvaluateEvery == 0)
            {
                var meanLoss = lossSum.item<float>() / (step - measured);
                lossSum.zero_();
                measured = step;
                Measure(step, meanLoss, clock.GetElapsedTime(start));
            }

            if (last)
            {
                return;
            }
        }
    }

    private Tensor Loss(Batch batch)
    {
        var logits = model.Logits(tensor(batch.Tokens, device: model.Device), batch.Sequences, tensor(batch.Rows, device: model.Device));
        return nn.functional.cross_entropy(logits, tensor(batch.Targets, device: model.Device));
    }

    private void Measure(int step, double loss, TimeSpan time)
    {
        var outputs = new GreedyDecoder(model, tokenizer).Complete(unseen);
        var exactMatch = Score.Of(unseen, outputs).ExactMatch;
        var best = history.Count == 0 || exactMatch >= history.Max(p => p.ExactMatch);
        history.Add(new(step, Math.Round(time.TotalSeconds, 1), Math.Round(loss, 5), exactMatch));
        log.WriteLine($"step {step}  {time.TotalSeconds:0} s  {step / time.TotalSeconds:0.0} steps/s  loss {loss:0.00000}  exact "
            + $"{exactMatch:0.0000}{(best ? "  saved" : "")}");
        log.Flush();
        if (best)
        {
            model.Save(options.Output);
            var report = new TrainingReport(
                step, options.Batch, options.Seed, Math.Round(time.TotalSeconds, 1), model.Device.ToString(), model.Flat.numel(),
                    exactMatch, unseen.Length, history);
            File.WriteAllText(Path.Combine(options.Output, "training.json"), JsonSerializer.Serialize(report, json) + "\n");
        }
    }
}
