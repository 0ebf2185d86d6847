namespace FlexGen.Engine.Schedule;

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
            yield return new(Verb.LoadWeights, sweep, layer, -1);
            foreach (var microBatch in microBatches)
            {
                yield return new(Verb.LoadCache, sweep, layer, microBatch);
                yield return new(Verb.LoadHidden, sweep, layer, microBatch);
                yield return new(Verb.Compute, sweep, layer, microBatch);
                yield return new(Verb.StoreHidden, sweep, layer, microBatch);
                yield return new(Verb.StoreCache, sweep, layer, microBatch);
            }
        }
    }
}
