using FlexGen.Engine.Batch;
using FlexGen.Engine.Execution;
using FlexGen.Planning.Schedule;

namespace FlexGen.Engine;

/// <summary>
/// Sweeps that overlap: a micro-batch is given the tokens of its last sweep, and what goes into its slots, when its turn in the next one comes, while the
/// devices are at work on those after it.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="runner">What executes the steps.</param>
/// <param name="microBatches">All of them.</param>
/// <param name="admission">What fills their slots.</param>
/// <param name="delivery">What empties them.</param>
/// <param name="count">Told of a sweep that has ended what its micro-batches computed.</param>
internal sealed class RollingSweeps(
    LoadedModel model, StepRunner runner, IReadOnlyList<MicroBatch> microBatches, Admission admission, Delivery delivery,
    Action<IReadOnlyCollection<RowLayout>> count) : IDisposable
{
    private readonly RowLayout?[] begun = new RowLayout?[microBatches.Count];
    private readonly NextTokens?[] tokens = new NextTokens?[microBatches.Count];
    private readonly List<RowLayout> ended = [];
    private long sweeps;

    /// <summary>Whether a sweep has not ended yet.</summary>
    public bool IsUnderWay => Array.Exists(begun, b => b is not null);

    /// <summary>Gives the devices the next sweep, and ends the one before.</summary>
    public void Sweep()
    {
        foreach (var step in model.Steps(sweeps++, []).OfType<MicroBatchStep>())
        {
            if (step.Verb == Verb.Begin)
            {
                End(step.MicroBatch);
                admission.Fill(step.MicroBatch);
                begun[step.MicroBatch] = microBatches[step.MicroBatch].IsEmpty ? null : runner.Begin(step.MicroBatch, microBatches[step.MicroBatch].Slots);
                microBatches[step.MicroBatch].Masks.Start();
                continue;
            }

            if (begun[step.MicroBatch] is not { } layout)
            {
                continue;
            }

            runner.Execute(step);
            if (step.Layer == model.Plan.Map.Layers - 1 && step.Verb == Verb.StoreCache)
            {
                tokens[step.MicroBatch] = model.NextTokens(runner.End(step.MicroBatch, layout), layout);
            }
        }
    }

    public void Dispose() => Array.ForEach(tokens, t => t?.Dispose());

    /// <summary>Gives a micro-batch the tokens of its last sweep, which has ended with the last one's.</summary>
    private void End(int microBatch)
    {
        if (begun[microBatch] is { } layout)
        {
            using var next = tokens[microBatch]!;
            tokens[microBatch] = null;
            delivery.Deliver(microBatches[microBatch], layout, next);
            ended.Add(layout);
        }

        if (microBatch == microBatches.Count - 1 && ended.Count > 0)
        {
            count(ended);
            ended.Clear();
            delivery.TellEnded();
        }
    }
}
