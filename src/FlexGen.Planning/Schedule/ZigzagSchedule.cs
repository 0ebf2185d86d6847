namespace FlexGen.Planning.Schedule;

/// <summary>
/// The zig-zag block schedule (Sheng et al. 2023, section 4.1, algorithm 1), with the next layer's weights cut into pages, one for
/// each micro-batch unless the policy says otherwise. While micro-batch k computes layer j, a page of layer j + 1 and the cache of the
/// following micro-batch are on their way in, and the results of the one before on their way home: that one is completed only when k
/// attends, so that attention in host memory has work throughout. The end of a sweep loads the beginning of the next.
/// </summary>
public static class ZigzagSchedule
{
    /// <summary>The steps of one sweep.</summary>
    /// <param name="sweep">Index i; sweep 0 loads its own first layer, later ones find it loaded.</param>
    /// <param name="layers">How many layers the model has.</param>
    /// <param name="microBatches">The micro-batches with something to compute.</param>
    /// <param name="weightPages">Pages of a layer's weights; null: as many as there are micro-batches with something to compute.</param>
    /// <param name="acrossLayers">
    /// Whether the first micro-batch begins a layer while the last is still in the one before, where there are three or more: attention in
    /// host memory goes on without a pause. Both layers' weights are in use then, so streamed ones, with two buffers, would wait.
    /// </param>
    public static IEnumerable<Step> Sweep(long sweep, int layers, IReadOnlyList<int> microBatches, int? weightPages = null, bool acrossLayers = false)
    {
        var (first, pages) = (microBatches[0], weightPages ?? microBatches.Count);
        acrossLayers &= microBatches.Count > 2;
        MicroBatchStep? halfway = null;
        for (var page = 0; sweep == 0 && page < pages; page++)
        {
            yield return new WeightStep(sweep, 0, page, pages);
        }

        yield return new MicroBatchStep(Verb.LoadCache, sweep, 0, first);
        for (var layer = 0; layer < layers; layer++)
        {
            var final = layer + 1 == layers;
            yield return new MicroBatchStep(Verb.LoadHidden, sweep, layer, first);
            for (var n = 0; n < microBatches.Count; n++)
            {
                for (var page = FirstPage(n); page < FirstPage(n + 1); page++)
                {
                    yield return final ? new WeightStep(sweep + 1, 0, page, pages) : new WeightStep(sweep, layer + 1, page, pages);
                }

                if (n + 1 < microBatches.Count)
                {
                    yield return new MicroBatchStep(Verb.LoadCache, sweep, layer, microBatches[n + 1]);
                    yield return new MicroBatchStep(Verb.LoadHidden, sweep, layer, microBatches[n + 1]);
                }
                else if (!final)
                {
                    yield return new MicroBatchStep(Verb.LoadCache, sweep, layer + 1, first);
                }

                var attend = new MicroBatchStep(Verb.Attend, sweep, layer, microBatches[n]);
                yield return attend with { Verb = Verb.Project };
                yield return attend;
                foreach (var step in Rest(halfway))
                {
                    yield return step;
                }

                halfway = attend;
            }

            if (final || !acrossLayers)
            {
                foreach (var step in Rest(halfway))
                {
                    yield return step;
                }

                halfway = null;
            }
        }

        // Page p is asked for with micro-batch p * m / pages, so that pages are spread over all m.
        int FirstPage(int n) => ((n * pages) + microBatches.Count - 1) / microBatches.Count;
    }

    /// <summary>What is left of a layer for a micro-batch whose attention has started.</summary>
    private static IEnumerable<Step> Rest(MicroBatchStep? halfway) => halfway is null
        ? []
        : [halfway with { Verb = Verb.Complete }, halfway with { Verb = Verb.StoreHidden }, halfway with { Verb = Verb.StoreCache }];
}
