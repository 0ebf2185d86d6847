using CsCheck;
using FlexGen.Engine.Schedule;

namespace FlexGen.Engine.Tests.Schedule;

public class ZigzagScheduleTests
{
    [Fact]
    public void Every_load_precedes_its_compute_and_every_store_follows_it() => Sample((s, steps) =>
    {
        foreach (var compute in steps.Where(t => t.Verb == Verb.Compute))
        {
            int At(Verb verb) => Single(steps, compute with { Verb = verb });
            var at = steps.IndexOf(compute);
            Assert.True(At(Verb.LoadCache) < at && At(Verb.LoadHidden) < at, $"{compute}");
            Assert.True(At(Verb.StoreHidden) > at && At(Verb.StoreCache) > At(Verb.StoreHidden), $"{compute}");
            // A sweep's first layer comes during the sweep before it.
            for (var page = 0; page < s.Pages(compute.Layer == 0 ? compute.Sweep - 1 : compute.Sweep); page++)
            {
                Assert.InRange(Single(steps, new(Verb.LoadWeights, compute.Sweep, compute.Layer, page)), 0, at);
            }
        }
    });

    [Fact]
    public void Every_active_micro_batch_computes_every_layer_once_in_order() => Sample((s, steps) =>
    {
        var expected = from i in Enumerable.Range(0, s.MicroBatches.Count) from j in Enumerable.Range(0, s.Layers) from k in s.MicroBatches[i] select ((long)i, j, k);
        Assert.Equal(expected, steps.Where(t => t.Verb == Verb.Compute).Select(t => (t.Sweep, t.Layer, t.MicroBatch)));
    });

    [Fact]
    public void Each_page_is_loaded_once_a_sweep_and_the_next_sweep_s_first_layer_before_its_end() => Sample((s, steps) =>
    {
        var sweeps = s.MicroBatches.Count;
        var loads = steps.Where(t => t.Verb == Verb.LoadWeights).ToList();
        Assert.Equal(loads.Count, loads.Distinct().Count());
        Assert.Equal(Enumerable.Range(0, sweeps).Sum(i => s.Layers * s.Pages(i)) + s.Pages(0), loads.Count);
        for (var sweep = 1; sweep <= sweeps; sweep++)
        {
            var prefetch = steps.IndexOf(new(Verb.LoadWeights, sweep, 0, s.Pages(sweep - 1) - 1));
            Assert.InRange(prefetch, 0, steps.FindLastIndex(t => t.Verb == Verb.Compute && t.Sweep == sweep - 1));
        }
    });

    [Fact]
    public void Pages_are_spread_over_the_micro_batches() => Sample((s, steps) =>
    {
        for (var sweep = 0; sweep < s.MicroBatches.Count; sweep++)
        {
            var (counts, page) = (new List<int>(), 0);
            foreach (var step in steps.Where(t => t.Sweep == sweep && t.Layer == (t.Verb == Verb.LoadWeights ? 1 : 0)))
            {
                page += step.Verb == Verb.LoadWeights ? 1 : 0;
                if (step.Verb == Verb.Compute)
                {
                    counts.Add(page);
                    page = 0;
                }
            }

            Assert.Equal(s.Pages(sweep), counts.Sum());
            Assert.True(counts.Max() - counts.Min() <= 1, string.Join(",", counts));
        }
    });

    [Fact]
    public void Two_buffers_are_enough_for_weights_and_for_caches() => Sample((s, steps) =>
    {
        var (layers, caches) = (new HashSet<(long, int)>(), new HashSet<(long, int, int)>());
        foreach (var step in steps)
        {
            switch (step.Verb)
            {
                case Verb.LoadWeights:
                    layers.Add((step.Sweep, step.Layer));
                    break;
                case Verb.LoadCache:
                    caches.Add((step.Sweep, step.Layer, step.MicroBatch));
                    break;
                case Verb.StoreHidden when step.MicroBatch == s.MicroBatches[(int)step.Sweep][^1]:
                    layers.Remove((step.Sweep, step.Layer));
                    break;
                case Verb.Compute:
                    caches.Remove((step.Sweep, step.Layer, step.MicroBatch));
                    break;
            }

            Assert.True(layers.Count <= (s.AcrossLayers ? 3 : 2) && caches.Count <= 2);
        }
    });

    [Fact]
    public void A_slot_s_hidden_states_and_cache_are_stored_before_they_are_loaded_again() => Sample((s, steps) =>
    {
        foreach (var load in steps.Where(t => t.Verb == Verb.LoadHidden && t.Layer > 0))
        {
            Assert.InRange(steps.IndexOf(load with { Verb = Verb.StoreHidden, Layer = load.Layer - 1 }), 0, steps.IndexOf(load));
        }

        foreach (var load in steps.Where(t => t.Verb == Verb.LoadCache && t.Sweep > 0))
        {
            var store = steps.FindLastIndex(t => t.Verb == Verb.StoreCache && t.Layer == load.Layer && t.MicroBatch == load.MicroBatch && t.Sweep < load.Sweep);
            Assert.True(store < steps.IndexOf(load), $"{load}");
        }
    });

    private static void Sample(Action<ActiveSweeps, List<Step>> holds) => ActiveSweeps.Gen.Sample(s => holds(
        s, [.. s.MicroBatches.SelectMany((active, i) => ZigzagSchedule.Sweep(i, s.Layers, active, s.WeightPages, s.AcrossLayers))]));

    private static int Single(List<Step> steps, Step step)
    {
        Assert.Single(steps, t => t == step);
        return steps.IndexOf(step);
    }
}
