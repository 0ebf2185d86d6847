namespace FlexGen.Planning.Schedule;

/// <summary>
/// The zig-zag block schedule (Sheng et al. 2023, section 4.1, algorithm 1), with the next layer's weights cut into pages, one for
/// each micro-batch unless the policy says otherwise. While micro-batch k computes layer j, a page of the device's next layer and the cache of the
/// following micro-batch are on their way in, and the results of the one before on their way home. The end of a sweep loads the beginning of the next.
/// With several devices a layer begins as soon as the first micro-batch has left the layer before: each device takes its layers in this order, and
/// steps that may be taken at the same time follow each other.
/// </summary>
public static class ZigzagSchedule
{
    /// <summary>The steps of one sweep.</summary>
    /// <param name="sweep">Index i; sweep 0 loads its own first layers, later ones find them loaded.</param>
    /// <param name="stages">The layers and their devices.</param>
    /// <param name="microBatches">The micro-batches with something to compute.</param>
    /// <param name="order">How they follow each other.</param>
    public static IEnumerable<Step> Sweep(long sweep, StageMap stages, IReadOnlyList<int> microBatches, ZigzagOrder order)
    {
        var pages = order.WeightPages ?? microBatches.Count;
        foreach (var first in Firsts(stages))
        {
            for (var page = 0; sweep == 0 && page < pages; page++)
            {
                yield return new WeightStep(sweep, first, page, pages);
            }

            yield return new MicroBatchStep(Verb.LoadCache, sweep, first, microBatches[0]);
        }

        var halfway = new MicroBatchStep?[stages.Count];
        foreach (var turns in Turns(stages, microBatches.Count, order))
        {
            foreach (var turn in turns)
            {
                foreach (var step in Before(sweep, stages, microBatches, pages, turn))
                {
                    yield return step;
                }

                var attend = new MicroBatchStep(Verb.Attend, sweep, turn.Layer, microBatches[turn.Index]);
                yield return attend with { Verb = Verb.Project };
                yield return attend;
                var stage = stages.Of(turn.Layer);
                foreach (var step in Rest(halfway[stage]))
                {
                    yield return step;
                }

                halfway[stage] = attend;
                foreach (var step in order.CompletesLater ? [] : Rest(attend))
                {
                    yield return step;
                    halfway[stage] = null;
                }
            }

            // Only now, when all devices have something to do.
            foreach (var (layer, _, _) in turns.Where(t => t.Index == microBatches.Count - 1 && (t.Next is null || !order.Crosses(stages, microBatches.Count))))
            {
                foreach (var step in Rest(halfway[stages.Of(layer)]))
                {
                    yield return step;
                }

                halfway[stages.Of(layer)] = null;
            }
        }
    }

    /// <summary>What comes in while a micro-batch computes a layer, and what must be there before.</summary>
    private static IEnumerable<Step> Before(long sweep, StageMap stages, IReadOnlyList<int> microBatches, int pages, Turn turn)
    {
        var (layer, n, next) = turn;
        if (n == 0)
        {
            yield return new MicroBatchStep(Verb.LoadHidden, sweep, layer, microBatches[0]);
        }

        for (var page = FirstPage(n); page < FirstPage(n + 1); page++)
        {
            yield return next is { } following
                ? new WeightStep(sweep, following, page, pages)
                : new WeightStep(sweep + 1, stages.On(stages.Of(layer)).First(), page, pages);
        }

        if (n + 1 < microBatches.Count)
        {
            yield return new MicroBatchStep(Verb.LoadCache, sweep, layer, microBatches[n + 1]);
            yield return new MicroBatchStep(Verb.LoadHidden, sweep, layer, microBatches[n + 1]);
        }
        else if (next is { } following)
        {
            yield return new MicroBatchStep(Verb.LoadCache, sweep, following, microBatches[0]);
        }

        // Page p is asked for with micro-batch p * m / pages, so that pages are spread over all m.
        int FirstPage(int at) => ((at * pages) + microBatches.Count - 1) / microBatches.Count;
    }

    /// <summary>
    /// Who computes when, in ticks of one micro-batch at one layer: a layer's micro-batches one after another, the first as soon as its device has done with
    /// its layer before and it has been through the layer before.
    /// </summary>
    private static IEnumerable<List<Turn>> Turns(StageMap stages, int count, ZigzagOrder order)
    {
        var (starts, free, at, lag) = (new int[stages.Layers], new int[stages.Count], 0, order.CompletesLater && stages.Count > 1 ? 2 : 1);
        for (var layer = 0; layer < stages.Layers; layer++)
        {
            starts[layer] = at = Math.Max(free[stages.Of(layer)], at);
            free[stages.Of(layer)] = at + count;
            at += lag;
        }

        var next = new int?[stages.Layers];
        for (var stage = 0; stage < stages.Count; stage++)
        {
            int? following = null;
            foreach (var layer in stages.On(stage).Reverse())
            {
                (next[layer], following) = (following, layer);
            }
        }

        var turns = from layer in Enumerable.Range(0, stages.Layers) from n in Enumerable.Range(0, count) select new Turn(layer, n, next[layer]);
        return turns.GroupBy(t => starts[t.Layer] + t.Index).OrderBy(g => g.Key).Select(g => g.ToList());
    }

    private static IEnumerable<int> Firsts(StageMap stages) => Enumerable.Range(0, stages.Count).Select(stage => stages.On(stage).First());

    /// <summary>What is left of a layer for a micro-batch whose attention has started.</summary>
    private static IEnumerable<Step> Rest(MicroBatchStep? halfway) => halfway is null
        ? []
        : [halfway with { Verb = Verb.Complete }, halfway with { Verb = Verb.StoreHidden }, halfway with { Verb = Verb.StoreCache }];

    /// <param name="Layer">Index j.</param>
    /// <param name="Index">Which of the micro-batches with something to compute.</param>
    /// <param name="Next">The next layer of its device; null: there is none in this sweep.</param>
    private readonly record struct Turn(int Layer, int Index, int? Next);
}
