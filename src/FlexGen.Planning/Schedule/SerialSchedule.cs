namespace FlexGen.Planning.Schedule;

/// <summary>One thing after another: layer by layer, and within a layer micro-batch by micro-batch. Easy to read and to debug.</summary>
public static class SerialSchedule
{
    /// <summary>The steps of one sweep.</summary>
    /// <param name="sweep">Index i.</param>
    /// <param name="layers">How many layers the model has.</param>
    /// <param name="microBatches">The micro-batches with something to compute.</param>
    public static IEnumerable<Step> Sweep(long sweep, int layers, IReadOnlyList<int> microBatches)
    {
        for (var layer = 0; layer < layers; layer++)
        {
            yield return new WeightStep(sweep, layer, Page: 0, Pages: 1);
            foreach (var microBatch in microBatches)
            {
                yield return new MicroBatchStep(Verb.LoadCache, sweep, layer, microBatch);
                yield return new MicroBatchStep(Verb.LoadHidden, sweep, layer, microBatch);
                yield return new MicroBatchStep(Verb.Project, sweep, layer, microBatch);
                yield return new MicroBatchStep(Verb.Attend, sweep, layer, microBatch);
                yield return new MicroBatchStep(Verb.Complete, sweep, layer, microBatch);
                yield return new MicroBatchStep(Verb.StoreHidden, sweep, layer, microBatch);
                yield return new MicroBatchStep(Verb.StoreCache, sweep, layer, microBatch);
            }
        }
    }
}
