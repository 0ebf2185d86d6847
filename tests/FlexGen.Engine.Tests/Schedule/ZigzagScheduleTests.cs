using CsCheck;
using FlexGen.Engine.Schedule;

namespace FlexGen.Engine.Tests.Schedule;

public class ZigzagScheduleTests
{
    private static readonly Gen<(int Layers, int[] MicroBatches, int Sweeps)> sizes =
        Gen.Select(Gen.Int[2, 5], Gen.Int[0, 6].HashSet[1, 5], Gen.Int[1, 4], (layers, k, sweeps) => (layers, k.Order().ToArray(), sweeps));

    [Fact]
    public void Every_load_precedes_its_compute_and_every_store_follows_it() => sizes.Sample(s =>
    {
        var steps = Run(s.Layers, s.MicroBatches, s.Sweeps);
        foreach (var compute in steps.Where(t => t.Verb == Verb.Compute))
        {
            int At(Verb verb) => steps.IndexOf(compute with { Verb = verb });
            var at = steps.IndexOf(compute);
            Assert.InRange(At(Verb.LoadCache), 0, at);
            Assert.InRange(At(Verb.LoadHidden), 0, at);
            Assert.True(At(Verb.StoreHidden) > at && At(Verb.StoreCache) > at);
            for (var page = 0; page < s.MicroBatches.Length; page++)
            {
                Assert.InRange(steps.IndexOf(new(Verb.LoadWeights, compute.Sweep, compute.Layer, page)), 0, at);
            }
        }
    });

    [Fact]
    public void Each_page_is_loaded_once_a_sweep_and_the_next_sweep_s_first_layer_before_its_end() => sizes.Sample(s =>
    {
        var steps = Run(s.Layers, s.MicroBatches, s.Sweeps);
        var loads = steps.Where(t => t.Verb == Verb.LoadWeights).ToList();
        Assert.Equal(loads.Count, loads.Distinct().Count());
        Assert.Equal(((s.Layers * s.Sweeps) + 1) * s.MicroBatches.Length, loads.Count);
        for (var sweep = 1; sweep <= s.Sweeps; sweep++)
        {
            var prefetch = steps.IndexOf(new(Verb.LoadWeights, sweep, 0, s.MicroBatches.Length - 1));
            Assert.True(prefetch < steps.FindLastIndex(t => t.Verb == Verb.Compute && t.Sweep == sweep - 1) + 1);
        }
    });

    [Fact]
    public void Two_buffers_are_enough_for_weights_and_for_caches() => sizes.Sample(s =>
    {
        var steps = Run(s.Layers, s.MicroBatches, s.Sweeps);
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
                case Verb.StoreHidden when step.MicroBatch == s.MicroBatches[^1]:
                    layers.Remove((step.Sweep, step.Layer));
                    break;
                case Verb.Compute:
                    caches.Remove((step.Sweep, step.Layer, step.MicroBatch));
                    break;
            }

            Assert.True(layers.Count <= 2 && caches.Count <= 2);
        }
    });

    [Fact]
    public void A_micro_batch_s_hidden_states_are_home_before_they_are_loaded_again() => sizes.Sample(s =>
    {
        var steps = Run(s.Layers, s.MicroBatches, s.Sweeps);
        foreach (var load in steps.Where(t => t.Verb == Verb.LoadHidden && t.Layer > 0))
        {
            Assert.InRange(steps.IndexOf(load with { Verb = Verb.StoreHidden, Layer = load.Layer - 1 }), 0, steps.IndexOf(load));
        }
    });

    private static List<Step> Run(int layers, int[] microBatches, int sweeps) =>
        [.. Enumerable.Range(0, sweeps).SelectMany(i => ZigzagSchedule.Sweep(i, layers, microBatches))];
}
