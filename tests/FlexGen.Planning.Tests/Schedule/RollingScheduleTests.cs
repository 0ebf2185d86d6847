using CsCheck;
using FlexGen.Planning.Schedule;

namespace FlexGen.Planning.Tests.Schedule;

public class RollingScheduleTests
{
    private const int Sweeps = 3;

    private static readonly Gen<(StageMap Stages, int MicroBatches)> cases =
        from devices in Gen.Int[1, 4]
        from layers in Gen.Int[devices + 2, 12]
        from tied in Gen.Bool
        from joined in Gen.Bool
        from microBatches in Gen.Int[1, 9]
        select (new StageMap(layers, devices, tied, joined), microBatches);

    [Fact]
    public void Every_micro_batch_passes_every_layer_once_a_sweep_in_order() => Sample((stages, microBatches, steps) =>
    {
        Verb[] verbs = [Verb.Project, Verb.Attend, Verb.Complete, Verb.StoreHidden, Verb.StoreCache];
        for (var k = 0; k < microBatches; k++)
        {
            var expected = from sweep in Enumerable.Range(0, Sweeps)
                           from layer in Enumerable.Range(0, stages.Layers)
                           from verb in layer == 0 ? verbs.Prepend(Verb.Begin) : verbs
                           select new MicroBatchStep(verb, sweep, layer, k);
            Assert.Equal(expected, steps.Where(s => s.MicroBatch == k));
        }
    });

    [Fact]
    public void A_device_takes_what_follows_each_other_for_all_micro_batches_before_it_goes_on() => Sample((stages, microBatches, steps) =>
    {
        for (var stage = 0; stage < stages.Count; stage++)
        {
            var runs = stages.On(stage).Where(l => l == 0 || stages.Leaves(l - 1)).ToList();
            var expected = from sweep in Enumerable.Range(0, Sweeps)
                           from first in runs
                           from k in Enumerable.Range(0, microBatches)
                           from layer in Enumerable.Range(first, stages.RunEnd(first) - first)
                           select ((long)sweep, layer, k);
            Assert.Equal(expected, steps.Where(s => s.Verb == Verb.Project && stages.Of(s.Layer) == stage).Select(s => (s.Sweep, s.Layer, s.MicroBatch)));
        }
    });

    [Fact]
    public void The_next_device_has_its_part_of_one_micro_batch_before_the_thread_waits_for_the_tokens_of_the_following() =>
        Sample((stages, microBatches, steps) =>
        {
            var second = stages.RunEnd(0);
            for (var k = 1; second < stages.Layers && k < microBatches; k++)
            {
                Assert.True(steps.IndexOf(new(Verb.StoreCache, 1, second, k - 1)) < steps.IndexOf(new(Verb.Begin, 1, 0, k)));
            }

            // The first begins before the last has been given anything of that sweep: its tokens are still on their way.
            Assert.True(microBatches == 1 || steps.IndexOf(new(Verb.Project, 1, 0, 0)) < steps.IndexOf(new(Verb.Begin, 1, 0, microBatches - 1)));
        });

    [Theory]
    [InlineData(6, 2, false, new[] { 0, 0, 1, 0, 1, 1 })]
    [InlineData(7, 2, false, new[] { 0, 0, 1, 0, 1, 0, 0 })]
    [InlineData(6, 2, true, new[] { 0, 0, 1, 0, 1, 0 })]
    [InlineData(6, 3, false, new[] { 0, 0, 1, 2, 0, 0 })]
    [InlineData(4, 1, false, new[] { 0, 0, 0, 0 })]
    public void Embedding_and_head_are_with_the_layers_beside_them(int layers, int devices, bool tied, int[] expected)
    {
        var map = new StageMap(layers, devices, tied, JoinsEnds: true);
        Assert.Equal(expected, Enumerable.Range(0, layers).Select(map.Of));
    }

    private static void Sample(Action<StageMap, int, List<MicroBatchStep>> check) => cases.Sample(c => check(
        c.Stages, c.MicroBatches,
        [.. Enumerable.Range(0, Sweeps).SelectMany(i => RollingSchedule.Sweep(i, c.Stages, c.MicroBatches)).Cast<MicroBatchStep>()]), iter: 200);
}
