using CsCheck;
using FlexGen.Planning.Schedule;

namespace FlexGen.Planning.Tests.Schedule;

public class ZigzagScheduleTests
{
    [Fact]
    public void Every_load_precedes_its_layer_whose_halves_are_in_order_and_every_store_follows_it() => Sample((s, steps) =>
    {
        foreach (var project in Of(steps, Verb.Project))
        {
            int At(Verb verb) => Single(steps, project with { Verb = verb });
            var at = At(Verb.Project);
            Assert.True(At(Verb.LoadCache) < at && At(Verb.LoadHidden) < at && At(Verb.Attend) == at + 1, $"{project}");
            var complete = At(Verb.Complete);
            Assert.True((s.Order.CompletesLater ? complete > at + 1 : complete == at + 2) && At(Verb.StoreHidden) == complete + 1 && At(Verb.StoreCache) == complete + 2, $"{project}");
            for (var page = 0; page < Pages(s, project); page++)
            {
                Assert.InRange(Single(steps, new WeightStep(project.Sweep, project.Layer, page, Pages(s, project))), 0, at);
            }
        }
    });

    [Fact]
    public void Every_device_computes_each_of_its_layers_once_for_every_active_micro_batch_in_order() => Sample((s, steps) =>
    {
        for (var stage = 0; stage < s.Stages.Count; stage++)
        {
            var expected = from i in Enumerable.Range(0, s.MicroBatches.Count)
                           from j in s.Stages.On(stage)
                           from k in s.MicroBatches[i]
                           select ((long)i, j, k);
            Assert.Equal(expected, Of(steps, Verb.Project, s, stage).Select(t => (t.Sweep, t.Layer, t.MicroBatch)));
            Assert.Equal(expected, Of(steps, Verb.Complete, s, stage).Select(t => (t.Sweep, t.Layer, t.MicroBatch)));
        }
    });

    [Fact]
    public void A_layer_begins_on_the_next_device_while_the_one_before_goes_on() => Sample((s, steps) =>
    {
        var lag = s.Order.CompletesLater ? 2 : 1;
        foreach (var last in Of(steps, Verb.Project).Where(t => s.Stages.Leaves(t.Layer) && t.MicroBatch == s.MicroBatches[(int)t.Sweep][^1]))
        {
            var active = s.MicroBatches[(int)last.Sweep];
            var next = steps.IndexOf(last with { Layer = last.Layer + 1, MicroBatch = active[0] });
            // Where its device has another layer under way, it comes later.
            if (active.Length > lag * s.Stages.Count && last.Layer + 1 < s.Stages.Count)
            {
                Assert.InRange(next, 0, steps.IndexOf(last));
            }
        }
    });

    [Fact]
    public void A_micro_batch_s_attention_has_started_when_the_one_before_is_completed() => Sample((s, steps) =>
    {
        for (var stage = 0; stage < s.Stages.Count; stage++)
        {
            var layers = Of(steps, Verb.Attend, s, stage).ToList();
            for (var n = 1; n < layers.Count; n++)
            {
                var (complete, attend) = (steps.IndexOf(layers[n - 1] with { Verb = Verb.Complete }), steps.IndexOf(layers[n]));
                var across = s.Order.AcrossLayers && s.Stages.Count == 1 && layers[n].Sweep == layers[n - 1].Sweep
                    && s.MicroBatches[(int)layers[n].Sweep].Length > 2;
                var together = (layers[n].Sweep, layers[n].Layer) == (layers[n - 1].Sweep, layers[n - 1].Layer) || across;
                Assert.Equal(s.Order.CompletesLater && together, attend < complete);
            }
        }
    });

    [Fact]
    public void Each_page_is_loaded_once_a_sweep_and_the_next_sweep_s_first_layer_before_its_end() => Sample((s, steps) =>
    {
        var sweeps = s.MicroBatches.Count;
        var loads = steps.Where(t => t.Verb == Verb.LoadWeights).ToList();
        Assert.Equal(loads.Count, loads.Distinct().Count());
        Assert.Equal(Enumerable.Range(0, sweeps).Sum(i => s.Layers * s.Pages(i)) + (s.Stages.Count * s.Pages(0)), loads.Count);
        for (var sweep = 1; sweep <= sweeps; sweep++)
        {
            for (var stage = 0; stage < s.Stages.Count; stage++)
            {
                var prefetch = steps.IndexOf(new WeightStep(sweep, s.Stages.On(stage).First(), s.Pages(sweep - 1) - 1, s.Pages(sweep - 1)));
                Assert.InRange(prefetch, 0, steps.IndexOf(Of(steps, Verb.Attend, s, stage).Last(t => t.Sweep == sweep - 1)));
            }
        }
    });

    [Fact]
    public void Pages_are_spread_over_the_micro_batches() => Sample((s, steps) =>
    {
        for (var sweep = 0; sweep < s.MicroBatches.Count; sweep++)
        {
            var (counts, page) = (new List<int>(), 0);
            if (s.Stages.On(0).Count() == 1)
            {
                continue;
            }

            var second = s.Stages.On(0).ElementAt(1);
            foreach (var step in steps.Where(t => t.Sweep == sweep && t.Layer == (t.Verb == Verb.LoadWeights ? second : 0)))
            {
                page += step.Verb == Verb.LoadWeights ? 1 : 0;
                if (step.Verb == Verb.Project)
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
        var (layers, caches) = (new HashSet<(long, int Layer)>(), new HashSet<(long, int Layer, int)>());
        foreach (var step in steps)
        {
            switch (step)
            {
                case WeightStep:
                    layers.Add((step.Sweep, step.Layer));
                    break;
                case MicroBatchStep { Verb: Verb.LoadCache, MicroBatch: var microBatch }:
                    caches.Add((step.Sweep, step.Layer, microBatch));
                    break;
                case MicroBatchStep { Verb: Verb.Complete, MicroBatch: var microBatch } when microBatch == s.MicroBatches[(int)step.Sweep][^1]:
                    layers.Remove((step.Sweep, step.Layer));
                    break;
                case MicroBatchStep { Verb: Verb.Attend, MicroBatch: var microBatch }:
                    caches.Remove((step.Sweep, step.Layer, microBatch));
                    break;
            }

            var stage = s.Stages.Of(step.Layer);
            Assert.True(layers.Count(l => s.Stages.Of(l.Layer) == stage) <= (s.Order.AcrossLayers ? 3 : 2), $"{step}");
            Assert.True(caches.Count(c => s.Stages.Of(c.Layer) == stage) <= 2, $"{step}");
        }
    });

    [Fact]
    public void A_slot_s_hidden_states_and_cache_are_stored_before_they_are_loaded_again() => Sample((s, steps) =>
    {
        foreach (var load in Of(steps, Verb.LoadHidden).Where(t => t.Layer > 0))
        {
            Assert.InRange(steps.IndexOf(load with { Verb = Verb.StoreHidden, Layer = load.Layer - 1 }), 0, steps.IndexOf(load));
        }

        foreach (var load in Of(steps, Verb.LoadCache).Where(t => t.Sweep > 0))
        {
            var store = steps.FindLastIndex(
                t => t is MicroBatchStep { Verb: Verb.StoreCache } it && it.Layer == load.Layer && it.MicroBatch == load.MicroBatch && t.Sweep < load.Sweep);
            Assert.True(store < steps.IndexOf(load), $"{load}");
        }
    });

    private static void Sample(Action<ActiveSweeps, List<Step>> holds) => ActiveSweeps.Gen.Sample(s => holds(
        s, [.. s.MicroBatches.SelectMany((active, i) => ZigzagSchedule.Sweep(i, s.Stages, active, s.Order))]));

    private static IEnumerable<MicroBatchStep> Of(List<Step> steps, Verb verb) => steps.OfType<MicroBatchStep>().Where(t => t.Verb == verb);

    private static IEnumerable<MicroBatchStep> Of(List<Step> steps, Verb verb, ActiveSweeps s, int stage) =>
        Of(steps, verb).Where(t => s.Stages.Of(t.Layer) == stage);

    /// <summary>Pages that a layer's weights come in: a sweep's first layer's during the sweep before it.</summary>
    private static int Pages(ActiveSweeps s, MicroBatchStep step) => s.Pages(s.IsFirst(step.Layer) ? step.Sweep - 1 : step.Sweep);

    private static int Single(List<Step> steps, Step step)
    {
        Assert.Single(steps, t => t == step);
        return steps.IndexOf(step);
    }
}
