namespace FlexGen.Planning.Schedule;

/// <summary>
/// The schedule of several devices on which everything rests: nothing is loaded, so that nothing holds a micro-batch up but itself. It begins its next sweep
/// when it has its tokens, while those after it are still in the last layers of this one. What a device has to do of a sweep in one go (a layer, or
/// some that follow each other) it does for all micro-batches, one after another, and the next device follows by one.
/// </summary>
public static class RollingSchedule
{
    private static readonly Verb[] layer = [Verb.Project, Verb.Attend, Verb.Complete, Verb.StoreHidden, Verb.StoreCache];

    /// <summary>
    /// The steps of one sweep, which may be taken as soon as those of the sweep before have been: of each micro-batch first <see cref="Verb.Begin"/>, at
    /// which it turns out whether it has anything to compute, and steps of one that has not are nothing.
    /// </summary>
    /// <param name="sweep">Index i.</param>
    /// <param name="stages">The layers and their devices.</param>
    /// <param name="microBatches">How many there are.</param>
    public static IEnumerable<Step> Sweep(long sweep, StageMap stages, int microBatches)
    {
        var (runs, free, at) = (new List<(int First, int End, int Start)>(), new int[stages.Count], 0);
        for (var first = 0; first < stages.Layers; first = runs[^1].End)
        {
            var stage = stages.Of(first);
            runs.Add((first, stages.RunEnd(first), at = Math.Max(free[stage], at)));
            free[stage] = at + microBatches;
            at++;
        }

        var (from, last) = (0, runs[^1].Start + microBatches);
        for (var tick = 0; tick < last; tick++)
        {
            while (runs[from].Start + microBatches <= tick)
            {
                from++;
            }

            // What was begun earlier comes first: the thread waits for the tokens of what begins.
            for (var run = runs.FindLastIndex(r => r.Start <= tick); run >= from; run--)
            {
                var microBatch = tick - runs[run].Start;
                foreach (var step in microBatch < microBatches ? Run(sweep, runs[run].First, runs[run].End, microBatch) : [])
                {
                    yield return step;
                }
            }
        }
    }

    private static IEnumerable<Step> Run(long sweep, int first, int end, int microBatch)
    {
        if (first == 0)
        {
            yield return new MicroBatchStep(Verb.Begin, sweep, first, microBatch);
        }

        for (var at = first; at < end; at++)
        {
            foreach (var verb in layer)
            {
                yield return new MicroBatchStep(verb, sweep, at, microBatch);
            }
        }
    }
}
